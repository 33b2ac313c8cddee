/*
 * The messages that a thread holds (lib/threadWindow) and how more of them come. What always
 * holds: one answer at a time changes the window; an answer that something else was opened before
 * changes nothing; what changed while another answer was awaited is asked for after it;
 * `beforeChange` is called before each change, so that the view can keep what one reads where it is.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { api, mayPass } from "../../api/client";
import { waitBefore } from "../../api/events";
import type { Message } from "../../api/types";
import {
	opened,
	withFresh,
	withNewer,
	withOlder,
	type Page,
	type ThreadWindow,
} from "../../lib/threadWindow";
import { CHUNK } from "../../lib/threadChunks";
import { useEvents } from "../../shell/live";

const FIRST = 60;
/* What is drawn at once as one scrolls. */
const MORE = CHUNK;
const MOST = 200;
const GATHER_MS = 250;

export type Side = "older" | "newer";
/** `stuck`: no message came or went, only what stands at an end. */
export type Change = Side | "opened" | "fresh" | "stuck";
type Held = ThreadWindow<Message>;

interface State {
	of: string;
	window: Held | null;
	/** Why nothing is shown. */
	error: unknown;
	/** Why it does not go on at that end. */
	stuck: Partial<Record<Side, unknown>>;
	change: Change;
	version: number;
}

interface Ask {
	limit: number;
	around?: string | undefined;
	before?: string;
	after?: string;
}

export function useThread(id: string, focus: string | null, beforeChange: () => void) {
	const [state, setState] = useState<State>({
		of: id,
		window: null,
		error: null,
		stuck: {},
		change: "opened",
		version: 0,
	});
	const current = useRef(state);
	const shown = useRef(id);
	const turns = useRef(0);
	const isBusy = useRef(false);
	const isStale = useRef(false);
	const failures = useRef(0);
	const timer = useRef<number | null>(null);
	const refresh = useRef(() => Promise.resolve());

	const put = useCallback((to: Partial<State>) => {
		current.current = { ...current.current, ...to, version: current.current.version + 1 };
		setState(current.current);
	}, []);

	const refreshIn = useCallback((ms: number) => {
		timer.current ??= window.setTimeout(() => {
			timer.current = null;
			void refresh.current();
		}, ms);
	}, []);

	const putStuck = useCallback(
		(side: Side, error: unknown) => {
			beforeChange();
			put({ stuck: { ...current.current.stuck, [side]: error }, change: "stuck" });
		},
		[beforeChange, put],
	);

	/* What went wrong, or null. */
	const ask = useCallback(
		async (query: Ask, change: Change, made: (was: Held, page: Page<Message>) => Held) => {
			const turn = ++turns.current;
			const of = shown.current;
			isBusy.current = true;
			try {
				const page = await api.get("/api/conversations/{id}/messages", {
					path: { id: of },
					query: { ...query },
				});
				if (turn !== turns.current) return null;
				const was = current.current.window;
				const stuck = change === "opened" ? {} : { ...current.current.stuck, [change]: undefined };
				beforeChange();
				put({
					of,
					window: change === "opened" || was === null ? opened(page) : made(was, page),
					error: null,
					stuck,
					change,
				});
				return null;
			} catch (error) {
				return turn === turns.current ? error : null;
			} finally {
				if (turn === turns.current) {
					isBusy.current = false;
					if (isStale.current) refreshIn(GATHER_MS);
				}
			}
		},
		[beforeChange, put, refreshIn],
	);

	const open = useCallback(
		async (around: string | null) => {
			const of = shown.current;
			const error = await ask({ limit: FIRST, around: around ?? undefined }, "opened", (was) => was);
			if (error !== null) put({ of, window: null, error });
		},
		[ask, put],
	);

	const extend = useCallback(
		async (side: Side, again = false) => {
			const { window, stuck } = current.current;
			const edge = side === "older" ? window?.messages[0] : window?.messages.at(-1);
			const more = side === "older" ? window?.hasBefore : window?.hasAfter;
			if (isBusy.current || edge === undefined || more !== true) return;
			if (stuck[side] !== undefined) {
				if (!again) return;
				putStuck(side, undefined);
			}
			const error = await ask(
				{ limit: MORE, ...(side === "older" ? { before: edge.id } : { after: edge.id }) },
				side,
				side === "older" ? withOlder : withNewer,
			);
			if (error !== null) putStuck(side, error);
		},
		[ask, putStuck],
	);

	useEffect(() => {
		refresh.current = async () => {
			const held = current.current.window;
			isStale.current = isBusy.current;
			if (isBusy.current) return;
			if (held === null) {
				if (mayPass(current.current.error)) await open(focus);
				return;
			}
			const middle = held.messages[held.messages.length >> 1]?.id;
			const error = await ask(
				{
					limit: Math.min(MOST, Math.max(FIRST, held.messages.length + MORE)),
					around: held.hasAfter ? middle : undefined,
				},
				"fresh",
				withFresh,
			);
			if (error === null) failures.current = 0;
			else if (mayPass(error)) refreshIn(waitBefore(failures.current++));
		};
	}, [ask, focus, open, refreshIn]);

	useEffect(() => {
		const { of, window } = current.current;
		const holds = of === id && window?.messages.some((m) => m.id === focus) === true;
		const isSame = shown.current === id && window !== null;
		shown.current = id;
		if (isSame && (focus === null || holds)) return;
		current.current = { ...current.current, of: id, window: null };
		void open(focus);
	}, [id, focus, open]);

	useEffect(
		() => () => {
			if (timer.current !== null) window.clearTimeout(timer.current);
			timer.current = null;
			turns.current++;
		},
		[],
	);
	useEvents((e) => {
		/* One of no subject says that many have changed; of history only its connection tells. */
		const concerns =
			e === "reset" ||
			e.kind === "connection.changed" ||
			((e.kind === "conversation.changed" || e.kind === "media.changed") && (e.subjectId ?? id) === id);
		if (concerns) refreshIn(GATHER_MS);
	});

	const isMine = state.of === id;
	return {
		window: isMine ? state.window : null,
		error: isMine ? state.error : null,
		stuck: state.stuck,
		change: state.change,
		version: state.version,
		open,
		extend,
	};
}
