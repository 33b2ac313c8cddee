/*
 * The inbox's list: pages by key, rows kept small (twenty thousand of them fit into a few
 * megabytes), and only the top asked for again when something changes.
 */
import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { api, mayPass } from "../../api/client";
import { waitBefore } from "../../api/events";
import { keys } from "../../api/keys";
import type { Conversation } from "../../api/types";
import { mergeFirstPage, type ListPage } from "../../lib/listMerge";
import { useEvents } from "../../shell/live";

export interface Row {
	id: string;
	name: string | null;
	phone: string | null;
	line: string | null;
	type: string | null;
	outbound: boolean;
	source: string | null;
	at: string | null;
	unread: number;
	hasHistory: boolean;
}

export const FILTERS = ["all", "open", "unread", "history"] as const;

export interface Filters {
	q: string;
	filter: (typeof FILTERS)[number];
	connectionId: string;
}

const PAGE = 100;
/* Characters of the last message: more than a row has room for, each of which costs when it is drawn. */
const LINE = 100;
const GATHER_MS = 400;

/** A copy, so that a long text is not kept alive by its first line. */
function firstLine(text: string): string {
	const cut = text.slice(0, LINE).replace(/\s+/g, " ").trim();
	return text.length > LINE ? Array.from(cut).join("") : cut;
}

export function rowOf(c: Conversation): Row {
	const last = c.lastMessage;
	return {
		id: c.id,
		name: c.lead.pushName ?? c.lead.username,
		phone: c.lead.phoneNumber,
		line: last?.body == null ? null : firstLine(last.body),
		type: last?.type ?? null,
		outbound: last?.direction === "OUTBOUND",
		source: last?.source ?? null,
		at: c.lastMessageAt,
		unread: c.unreadCount,
		hasHistory: c.hasHistory,
	};
}

async function load(
	slug: string,
	f: Filters,
	cursor: string | null,
	signal?: AbortSignal,
): Promise<ListPage<Row>> {
	const page = await api.get("/api/clients/{slug}/conversations", {
		path: { slug },
		query: {
			limit: PAGE,
			cursor: cursor ?? undefined,
			q: f.q === "" ? undefined : f.q,
			filter: f.filter === "all" ? undefined : f.filter,
			connectionId: f.connectionId === "" ? undefined : f.connectionId,
		},
		...(signal === undefined ? {} : { signal }),
	});
	return { rows: page.data.map(rowOf), next: page.nextCursor };
}

/*
 * Has `read` called soon, once for all that asked meanwhile: one call at a time, and again where it
 * answers that it was not possible just then or nobody answered it.
 */
function useGathered(read: () => Promise<boolean>): () => void {
	const ask = useRef<() => void>(() => undefined);

	useEffect(() => {
		let timer: number | null = null;
		let isBusy = false;
		let isStale = false;
		let isOver = false;
		let failures = 0;
		const later = (ms: number) => {
			if (!isOver) timer ??= window.setTimeout(() => void run(), ms);
		};
		const run = async () => {
			timer = null;
			isStale = isBusy;
			if (isBusy) return;
			isBusy = true;
			try {
				if (!(await read())) isStale = true;
				failures = 0;
			} catch (e) {
				if (mayPass(e)) later(waitBefore(failures++));
			}
			isBusy = false;
			if (isStale) later(GATHER_MS);
		};
		ask.current = () => later(GATHER_MS);
		return () => {
			isOver = true;
			if (timer !== null) window.clearTimeout(timer);
		};
	}, [read]);
	return useCallback(() => ask.current(), []);
}

export function useConversations(slug: string, filters: Filters, selected: string | null) {
	const cache = useQueryClient();
	const key = useMemo(() => keys.conversations(slug, filters), [slug, filters]);
	const query = useInfiniteQuery({
		queryKey: key,
		queryFn: ({ pageParam, signal }) => load(slug, filters, pageParam, signal),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
		staleTime: Infinity,
		refetchOnReconnect: false,
		/* Comparing twenty thousand rows with what they were is dearer than drawing twenty. */
		structuralSharing: false,
	});
	const change = useCallback(
		(made: (pages: ListPage<Row>[]) => ListPage<Row>[]) => {
			cache.setQueryData<InfiniteData<ListPage<Row>, string | null>>(key, (old) => {
				if (old === undefined) return old;
				const pages = made(old.pages);
				return { pages, pageParams: [null, ...pages.slice(0, -1).map((p) => p.next)] };
			});
		},
		[cache, key],
	);
	const at = useRef(selected);
	useEffect(() => {
		at.current = selected;
	});
	const refreshTop = useGathered(
		useCallback(async () => {
			/* A page that is on its way would put back what stands here now. */
			const isFetching = () => cache.getQueryState(key)?.fetchStatus === "fetching";
			if (isFetching()) return false;
			if (cache.getQueryData(key) === undefined) {
				await cache.refetchQueries({ queryKey: key, exact: true });
				return true;
			}
			const fresh = await load(slug, filters, null);
			if (isFetching()) return false;
			change((pages) => mergeFirstPage(pages, fresh, at.current));
			return true;
		}, [cache, change, filters, key, slug]),
	);
	const markRead = useCallback(
		(id: string) =>
			change((pages) =>
				pages.map((p) => ({
					...p,
					rows: p.rows.map((r) => (r.id === id ? { ...r, unread: 0 } : r)),
				})),
			),
		[change],
	);

	/* What was kept of a list that was not looked at may have changed meanwhile. */
	useEffect(() => {
		if (cache.getQueryData(key) !== undefined) refreshTop();
	}, [cache, key, refreshTop]);
	useEvents((e) => {
		if (
			e === "reset" ||
			e.kind === "conversation.changed" ||
			e.kind === "lead.changed" ||
			e.kind === "connection.changed"
		)
			refreshTop();
	});
	const rows = useMemo(() => query.data?.pages.flatMap((p) => p.rows) ?? [], [query.data]);
	return { ...query, rows, markRead };
}
