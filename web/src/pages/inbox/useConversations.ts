/*
 * The inbox's list: pages by key, rows kept small (twenty thousand of them fit into a few
 * megabytes), and only the top asked for again when something changes.
 */
import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { api } from "../../api/client";
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
const LINE = 140;
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

export function useConversations(slug: string, filters: Filters) {
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
	const timer = useRef<number | null>(null);
	const refreshTop = useCallback(() => {
		timer.current ??= window.setTimeout(() => {
			timer.current = null;
			load(slug, filters, null).then(
				(fresh) => {
					cache.setQueryData<InfiniteData<ListPage<Row>, string | null>>(key, (old) =>
						old === undefined ? old : { ...old, pages: mergeFirstPage(old.pages, fresh) },
					);
				},
				() => undefined,
			);
		}, GATHER_MS);
	}, [cache, filters, key, slug]);

	useEffect(
		() => () => {
			if (timer.current !== null) window.clearTimeout(timer.current);
			timer.current = null;
		},
		[refreshTop],
	);
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
	return { ...query, rows, refreshTop };
}
