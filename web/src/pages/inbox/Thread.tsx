/*
 * The messages of a conversation, drawn as a window that moves (lib/threadWindow). What always
 * holds: what one reads stays where it is when something is added above it, and the view follows
 * the newest only for who was at the newest.
 */
import { useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Message, Session } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { clockTime, dayName, duration } from "../../lib/format";
import { threadRows } from "../../lib/threadRows";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, Empty, ErrorState, Icon, Skeleton } from "../../ui";
import { useNow } from "../../ui/clock";
import { Bubble } from "./Bubble";
import css from "./inbox.module.css";
import { texts } from "./messages";
import { SessionChip } from "./SessionChip";
import { useThread } from "./useThread";

export interface Focus {
	id: string;
	excerpt: string | null;
	/** Changes each time somebody asks for it, so that the same message lights up again. */
	nonce: number;
}

const NEAR_PX = 1800;
const BOTTOM_PX = 60;
const LIT_MS = 4000;

/** The sessions of what is shown: the newest at once, older ones as they come into view. */
function useSessions(conversation: string, messages: readonly Message[]): Map<string, Session> {
	const { slug } = useSession();
	const page = useQuery({
		queryKey: keys.sessions(slug, conversation),
		queryFn: ({ signal }) =>
			api.get("/api/conversations/{id}/sessions", {
				path: { id: conversation },
				query: { limit: 100 },
				signal,
			}),
	});
	const known = useMemo(() => new Map(page.data?.data.map((s) => [s.id, s])), [page.data]);
	const missing = useMemo(() => {
		const ids = new Set<string>();
		if (page.isSuccess)
			for (const m of messages)
				if (m.sessionId !== null && !known.has(m.sessionId)) ids.add(m.sessionId);
		return [...ids];
	}, [known, messages, page.isSuccess]);
	return useQueries({
		queries: missing.map((id) => ({
			queryKey: keys.session(slug, id),
			queryFn: () => api.get("/api/sessions/{id}", { path: { id } }),
		})),
		combine: useCallback(
			(results: { data: { session: Session } | undefined }[]) => {
				const all = new Map(known);
				for (const r of results) if (r.data !== undefined) all.set(r.data.session.id, r.data.session);
				return all;
			},
			[known],
		),
	});
}

function SessionDivider({
	id,
	session,
	before,
	onGo,
}: {
	id: string;
	session: Session | undefined;
	/** The message below it. */
	before: string;
	onGo: (id: string) => void;
}) {
	const t = useT(texts);
	const { language } = useLanguage();
	const agent = session?.assignedUserName ?? null;
	const start = session?.startedAt ?? null;
	const end = session?.endedAt ?? null;
	const first = session?.firstMessageId ?? null;
	return (
		<div className={css.session}>
			<span>{agent === null ? t("session") : t("session.with", { agent })}</span>
			{start !== null && end === null && (
				<span>
					{clockTime(language, new Date(start))} · {t("session.open")}
				</span>
			)}
			{start !== null && end !== null && (
				<span>{duration((Date.parse(end) - Date.parse(start)) / 1000)}</span>
			)}
			{session?.type === "CLOSED" && <SessionChip sessionId={id} />}
			{first !== null && first !== before && (
				<button type="button" className={css.linkButton} onClick={() => onGo(first)}>
					{t("session.beginning")}
				</button>
			)}
		</div>
	);
}

function Day({ at }: { at: string }) {
	const { language } = useLanguage();
	const now = useNow();
	return (
		<div className={css.day}>
			<time dateTime={at}>{dayName(language, new Date(at), now)}</time>
		</div>
	);
}

interface Anchor {
	key: string;
	top: number;
	atBottom: boolean;
}

export function Thread({
	conversation,
	focus,
	onGo,
	link,
}: {
	conversation: string;
	focus: Focus | null;
	onGo: (id: string) => void;
	link: (id: string) => string;
}) {
	const t = useT(texts);
	const say = useToast();
	const box = useRef<HTMLDivElement>(null);
	const anchor = useRef<Anchor | null>(null);
	const [lit, setLit] = useState<string | null>(null);

	const keep = useCallback(() => {
		const el = box.current;
		if (el === null) return;
		const top = el.getBoundingClientRect().top;
		for (const row of el.querySelectorAll<HTMLElement>("[data-row]")) {
			const r = row.getBoundingClientRect();
			if (r.bottom > top) {
				anchor.current = {
					key: row.dataset["row"] ?? "",
					top: r.top,
					atBottom: el.scrollHeight - el.scrollTop - el.clientHeight < BOTTOM_PX,
				};
				return;
			}
		}
	}, []);
	const thread = useThread(conversation, focus?.id ?? null, keep);
	const { window: held, change, version, extend } = thread;
	const messages = useMemo(() => held?.messages ?? [], [held]);
	const rows = useMemo(() => threadRows(messages), [messages]);
	const texted = useMemo(() => new Map(messages.map((m) => [m.id, m.body])), [messages]);
	const sessions = useSessions(conversation, messages);

	const near = useCallback(() => {
		const el = box.current;
		if (el === null) return;
		if (el.scrollTop < NEAR_PX) void extend("older");
		if (el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_PX) void extend("newer");
	}, [extend]);

	useLayoutEffect(() => {
		const el = box.current;
		if (el === null || version === 0) return;
		const was = anchor.current;
		if (change === "opened" || (change === "newest" && was?.atBottom === true)) {
			el.scrollTop = el.scrollHeight;
		} else if (was !== null) {
			const row = el.querySelector<HTMLElement>(`[data-row="${CSS.escape(was.key)}"]`);
			if (row !== null) el.scrollTop += row.getBoundingClientRect().top - was.top;
		}
		near();
	}, [version, change, near]);

	useLayoutEffect(() => {
		if (focus === null || held === null) return;
		const row = box.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(focus.id)}"]`);
		if (row == null) return;
		row.scrollIntoView({ block: "center" });
		setLit(focus.id);
		const timer = window.setTimeout(() => setLit(null), LIT_MS);
		return () => window.clearTimeout(timer);
		// Once for each asking, when the message is there: not each time the window changes.
		// eslint-disable-next-line react-hooks/exhaustive-deps
	}, [focus, held !== null && messages.some((m) => m.id === focus?.id)]);

	useEffect(() => {
		const el = box.current;
		if (el === null) return;
		/* Pictures and fonts change heights; who was at the newest stays there. */
		const watch = new ResizeObserver(() => near());
		watch.observe(el);
		return () => watch.disconnect();
	}, [near]);

	const copyLink = useCallback(
		(id: string) => {
			void navigator.clipboard
				.writeText(new URL(link(id), location.href).href)
				.then(() => say(t("linkCopied")));
		},
		[link, say, t],
	);

	if (thread.error !== null)
		return <ErrorState error={thread.error} retry={() => void thread.open(null)} />;
	return (
		<div className={css.threadWrap}>
			<div
				ref={box}
				className={css.thread}
				role="log"
				aria-label={t("thread")}
				aria-live="off"
				tabIndex={0}
				onScroll={near}
				data-testid="thread"
			>
				{held === null && (
					<div className={css.loadingThread}>
						<Skeleton lines={9} />
					</div>
				)}
				{held !== null && messages.length === 0 && (
					<Empty title={t("noMessages")}>{t("noMessages.text")}</Empty>
				)}
				{held !== null && messages.length > 0 && (
					<div className={css.edge}>{held.hasBefore ? t("older") : t("beginning")}</div>
				)}
				{rows.map((row) => (
					<div key={row.key} data-row={row.key}>
						{row.kind === "day" && <Day at={row.at} />}
						{row.kind === "session" && (
							<SessionDivider
								id={row.sessionId}
								session={sessions.get(row.sessionId)}
								before={row.before}
								onGo={onGo}
							/>
						)}
						{row.kind === "message" && (
							<Bubble
								message={row.message}
								continues={row.continues}
								lit={lit === row.message.id || focus?.id === row.message.id}
								excerpt={focus?.id === row.message.id ? focus.excerpt : null}
								quoted={
									row.message.replyTo?.id == null
										? null
										: (texted.get(row.message.replyTo.id)?.slice(0, 160) ?? null)
								}
								onGo={onGo}
								onCopyLink={copyLink}
							/>
						)}
					</div>
				))}
				{held?.hasAfter === true && <div className={css.edge}>{t("newer")}</div>}
			</div>
			{held?.hasAfter === true && (
				<Button className={css.toNewest} onClick={() => void thread.open(null)}>
					<Icon name="down" />
					{t("newest")}
				</Button>
			)}
		</div>
	);
}
