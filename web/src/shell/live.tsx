/*
 * Keeps what is shown true: the client's stream of events makes cached answers stale, and pages
 * that hold more than one answer (the inbox) listen themselves. Nothing here polls.
 */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { addressOf } from "../api/client";
import { EventStream, type ServerEvent, type StreamState } from "../api/events";
import { staleAfter } from "../api/keys";
import { common } from "../i18n/common";
import { useT } from "../i18n";
import { Button, Notice } from "../ui";

type Listener = (event: ServerEvent | "reset") => void;

interface Live {
	listen: (listener: Listener) => () => void;
	state: StreamState;
	retryNow: () => void;
}

const Context = createContext<Live>({
	listen: () => () => undefined,
	state: "connecting",
	retryNow: () => undefined,
});
const GATHER_MS = 300;

export function LiveProvider({ slug, children }: { slug: string; children: ReactNode }) {
	const queries = useQueryClient();
	const [state, setState] = useState<StreamState>("connecting");
	const listeners = useRef(new Set<Listener>());
	const stream = useRef<EventStream | null>(null);

	useEffect(() => {
		const kinds = new Set<string>();
		let timer: number | null = null;
		const gather = (more: readonly string[]) => {
			for (const kind of more) kinds.add(kind);
			timer ??= window.setTimeout(() => {
				timer = null;
				const now = new Set(kinds);
				kinds.clear();
				void queries.invalidateQueries({ predicate: (q) => now.has(String(q.queryKey[0])) });
			}, GATHER_MS);
		};
		const one = new EventStream({
			address: (id) => addressOf("/api/events", {}, { clientSlug: slug, lastEventId: id }),
			kinds: Object.keys(staleAfter),
			open: (address) => new EventSource(address),
			onEvent: (event) => {
				gather(staleAfter[event.kind] ?? []);
				for (const each of listeners.current) each(event);
			},
			onReset: () => {
				/* The inbox's list reads its top again by itself, not all that one has scrolled through. */
				void queries.invalidateQueries({ predicate: (q) => q.queryKey[0] !== "conversations" });
				for (const each of listeners.current) each("reset");
			},
			onState: setState,
		});
		const again = () => one.retryNow();

		stream.current = one;
		one.start();
		window.addEventListener("online", again);
		return () => {
			window.removeEventListener("online", again);
			if (timer !== null) window.clearTimeout(timer);
			one.stop();
		};
	}, [slug, queries]);

	const value = useMemo<Live>(
		() => ({
			listen: (listener) => {
				listeners.current.add(listener);
				return () => listeners.current.delete(listener);
			},
			state,
			retryNow: () => stream.current?.retryNow(),
		}),
		[state],
	);
	return <Context value={value}>{children}</Context>;
}

/** Calls `listener` for every event of the client while the component is shown. */
export function useEvents(listener: Listener): void {
	const { listen } = useContext(Context);
	const latest = useRef(listener);

	useEffect(() => {
		latest.current = listener;
	});
	useEffect(() => listen((e) => latest.current(e)), [listen]);
}

export function OfflineBar() {
	const { state, retryNow } = useContext(Context);
	const t = useT(common);
	const [online, setOnline] = useState(navigator.onLine);

	useEffect(() => {
		const note = () => setOnline(navigator.onLine);
		window.addEventListener("online", note);
		window.addEventListener("offline", note);
		return () => {
			window.removeEventListener("online", note);
			window.removeEventListener("offline", note);
		};
	}, []);
	if (state !== "lost" && online) return null;
	return (
		<Notice
			tone="amber"
			icon="off"
			role="status"
			action={online ? <Button onClick={retryNow}>{t("offline.now")}</Button> : undefined}
		>
			{online ? t("offline.lost") : t("offline.browser")}
		</Notice>
	);
}
