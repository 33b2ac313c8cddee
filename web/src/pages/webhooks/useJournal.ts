/*
 * The journal's list: pages by key, and its top asked for again when something came. What always
 * holds: what is filtered stands in the address; the list never asks for the older pages twice.
 */
import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { WebhookEvent } from "../../api/types";
import { mergeNewest } from "../../lib/journal";
import type { ListPage } from "../../lib/listMerge";
import { useEvents } from "../../shell/live";
import type { FieldName, Status } from "./messages";

export interface Filters {
	status: Status | "";
	field: FieldName | "";
	from: string;
	to: string;
	/** The journal of all clients, which is the operator's. */
	all: boolean;
}

const PAGE = 100;
const GATHER_MS = 500;

function queryOf(f: Filters) {
	const set = <T extends string>(text: T | "") => (text === "" ? undefined : text);
	return { status: set(f.status), field: set(f.field), from: set(f.from), to: set(f.to) };
}

export function bodyOf(f: Filters) {
	return {
		...(f.status === "" ? {} : { status: f.status }),
		...(f.field === "" ? {} : { field: f.field }),
		...(f.from === "" ? {} : { from: f.from }),
		...(f.to === "" ? {} : { to: f.to }),
	};
}

/** How many entries a replay of these would take now: the server says, by the filters it replays by. */
export async function countReplay(slug: string, f: Filters, signal: AbortSignal): Promise<number> {
	const body = { ...bodyOf(f), dryRun: true };
	const answer = f.all
		? await api.post("/api/webhook-events/replay", { body, signal })
		: await api.post("/api/clients/{slug}/webhook-events/replay", { path: { slug }, body, signal });
	return answer.count;
}

async function loadJournal(
	slug: string,
	f: Filters,
	limit: number,
	cursor: string | null,
	signal?: AbortSignal,
): Promise<ListPage<WebhookEvent>> {
	const query = { ...queryOf(f), limit, cursor: cursor ?? undefined };
	const more = signal === undefined ? {} : { signal };
	const page = f.all
		? await api.get("/api/webhook-events", { query, ...more })
		: await api.get("/api/clients/{slug}/webhook-events", { path: { slug }, query, ...more });
	return { rows: page.data, next: page.nextCursor };
}

export function useJournal(slug: string, filters: Filters, follow: boolean) {
	const cache = useQueryClient();
	const key = useMemo(() => keys.webhooks(slug, filters), [slug, filters]);
	const query = useInfiniteQuery({
		queryKey: key,
		queryFn: ({ pageParam, signal }) => loadJournal(slug, filters, PAGE, pageParam, signal),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
		staleTime: Infinity,
		refetchOnReconnect: false,
	});
	const [refreshing, setRefreshing] = useState(false);
	const timer = useRef<number | null>(null);
	const refreshTop = useCallback(async () => {
		setRefreshing(true);
		try {
			const fresh = await loadJournal(slug, filters, PAGE, null);
			cache.setQueryData<InfiniteData<ListPage<WebhookEvent>, string | null>>(key, (old) => {
				const pages = mergeNewest(old?.pages ?? [], fresh);
				return { pages, pageParams: pages.map((_, i) => old?.pageParams[i] ?? null) };
			});
		} finally {
			setRefreshing(false);
		}
	}, [cache, filters, key, slug]);

	useEffect(
		() => () => {
			if (timer.current !== null) window.clearTimeout(timer.current);
			timer.current = null;
		},
		[refreshTop],
	);
	useEvents((e) => {
		if (!follow || (e !== "reset" && e.kind !== "webhook_events.changed")) return;
		timer.current ??= window.setTimeout(() => {
			timer.current = null;
			refreshTop().catch(() => undefined);
		}, GATHER_MS);
	});
	const rows = useMemo(() => query.data?.pages.flatMap((p) => p.rows) ?? [], [query.data]);
	return { ...query, rows, refreshTop, refreshing };
}
