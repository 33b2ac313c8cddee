/*
 * The messages that a thread holds (lib/threadWindow) and how more of them come. What always
 * holds: one answer at a time changes the window; an answer for a conversation that is no longer
 * shown changes nothing; `beforeChange` is called before each change, so that the view can keep
 * what one reads where it is.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "../../api/client";
import type { Message } from "../../api/types";
import { opened, withNewer, withNewest, withOlder, type ThreadWindow } from "../../lib/threadWindow";
import { useEvents } from "../../shell/live";

const FIRST = 60;
const MORE = 25;
const GATHER_MS = 250;

export type Change = "opened" | "older" | "newer" | "newest";

interface State {
	of: string;
	window: ThreadWindow<Message> | null;
	error: unknown;
	change: Change;
	version: number;
}

export function useThread(id: string, focus: string | null, beforeChange: () => void) {
	const [state, setState] = useState<State>({
		of: id,
		window: null,
		error: null,
		change: "opened",
		version: 0,
	});
	const busy = useRef<"older" | "newer" | "open" | null>(null);
	const current = useRef(state);
	const shown = useRef(id);

	useEffect(() => {
		current.current = state;
	});
	const put = useCallback(
		(of: string, window: ThreadWindow<Message>, change: Change) => {
			if (shown.current !== of) return;
			beforeChange();
			const next = { of, window, error: null, change, version: current.current.version + 1 };
			current.current = next;
			setState(next);
		},
		[beforeChange],
	);

	/* What is held by the time an answer comes, which is not what was held when it was asked for. */
	const held = useCallback(
		(): ThreadWindow<Message> | null =>
			current.current.of === shown.current ? current.current.window : null,
		[],
	);

	const open = useCallback(
		async (around: string | null) => {
			const of = shown.current;
			busy.current = "open";
			try {
				const page = await api.get("/api/conversations/{id}/messages", {
					path: { id: of },
					query: { limit: FIRST, around: around ?? undefined },
				});
				put(of, opened(page), "opened");
			} catch (error) {
				if (shown.current === of)
					setState((s) => ({ ...s, of, window: null, error, version: s.version + 1 }));
			} finally {
				if (shown.current === of) busy.current = null;
			}
		},
		[put],
	);

	const extend = useCallback(
		async (side: "older" | "newer") => {
			const { window, of } = current.current;
			const edge = side === "older" ? window?.messages[0] : window?.messages.at(-1);
			const more = side === "older" ? window?.hasBefore : window?.hasAfter;
			if (busy.current !== null || edge === undefined || more !== true) return;
			busy.current = side;
			try {
				const page = await api.get("/api/conversations/{id}/messages", {
					path: { id: of },
					query: { limit: MORE, ...(side === "older" ? { before: edge.id } : { after: edge.id }) },
				});
				const now = held();
				if (now !== null)
					put(of, side === "older" ? withOlder(now, page) : withNewer(now, page), side);
			} catch {
				/* The edge stays where it is; the next scroll tries again. */
			} finally {
				if (shown.current === of) busy.current = null;
			}
		},
		[put, held],
	);

	const refresh = useCallback(async () => {
		const of = shown.current;
		if (current.current.window === null || busy.current === "open") return;
		try {
			const page = await api.get("/api/conversations/{id}/messages", {
				path: { id: of },
				query: { limit: FIRST },
			});
			const now = held();
			if (now !== null) put(of, withNewest(now, page), "newest");
		} catch {
			/* The next event tries again. */
		}
	}, [put, held]);

	useEffect(() => {
		const holds =
			current.current.of === id &&
			current.current.window?.messages.some((m) => m.id === focus) === true;
		const same = shown.current === id && current.current.window !== null;
		shown.current = id;
		if (same && (focus === null || holds)) return;
		current.current = { ...current.current, of: id, window: null };
		void open(focus);
	}, [id, focus, open]);

	const timer = useRef<number | null>(null);
	useEffect(
		() => () => {
			if (timer.current !== null) window.clearTimeout(timer.current);
			timer.current = null;
		},
		[],
	);
	useEvents((e) => {
		/* one of no subject says that many have changed */
		if (e !== "reset" && (e.kind !== "conversation.changed" || (e.subjectId ?? id) !== id)) return;
		timer.current ??= window.setTimeout(() => {
			timer.current = null;
			void refresh();
		}, GATHER_MS);
	});

	const mine = state.of === id;
	return {
		window: mine ? state.window : null,
		error: mine ? state.error : null,
		change: state.change,
		version: state.version,
		open,
		extend,
	};
}
