/*
 * The messages of a conversation, drawn as a window that moves (lib/threadWindow). What always
 * holds: what one reads stays where it is when something is added above it, and the view follows
 * the newest only for who was at the newest.
 */
import { useQueries, useQuery } from "@tanstack/react-query";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { api, ApiError } from "../../api/client";
import { keys } from "../../api/keys";
import type { Message, Session } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { copyText } from "../../lib/clipboard";
import { clockTime, dayName, duration } from "../../lib/format";
import { chunked, type Placed } from "../../lib/threadChunks";
import { threadRows, type ThreadRow } from "../../lib/threadRows";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, cx, Empty, ErrorState, Icon, Skeleton } from "../../ui";
import { useNow } from "../../ui/clock";
import { Bubble, READING, type Answers } from "./Bubble";
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
const EDGE_PX = 40;
const LIT_MS = 4000;
/* Characters of a message that another answers to. */
const QUOTED = 160;

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

interface ChunkProps {
	rows: readonly ThreadRow<Message>[];
	sessions: ReadonlyMap<string, Session>;
	texted: ReadonlyMap<string, string | null>;
	/** Null unless it is one of these. */
	lit: string | null;
	focus: Focus | null;
	onGo: (id: string) => void;
	onCopyLink: (id: string) => void;
	answers: Answers;
}

function isSameRow(a: ThreadRow<Message>, b: ThreadRow<Message> | undefined): boolean {
	return (
		a.kind === b?.kind &&
		a.key === b.key &&
		(a.kind !== "message" ||
			b.kind !== "message" ||
			(a.message === b.message && a.continues === b.continues))
	);
}

function quotedIn(texted: ChunkProps["texted"], message: Message): string | null {
	const id = message.replyTo?.id;
	return id == null ? null : (texted.get(id)?.slice(0, QUOTED) ?? null);
}

/* What of it is shown; the maps are others each time something comes. */
function isSameChunk(a: ChunkProps, b: ChunkProps): boolean {
	return (
		a.lit === b.lit &&
		a.focus === b.focus &&
		a.onGo === b.onGo &&
		a.onCopyLink === b.onCopyLink &&
		a.answers === b.answers &&
		a.rows.length === b.rows.length &&
		a.rows.every((row, i) => {
			if (!isSameRow(row, b.rows[i])) return false;
			if (row.kind === "session")
				return a.sessions.get(row.sessionId) === b.sessions.get(row.sessionId);
			return (
				row.kind !== "message" || quotedIn(a.texted, row.message) === quotedIn(b.texted, row.message)
			);
		})
	);
}

const ChunkOf = memo(function ChunkOf({
	rows,
	sessions,
	texted,
	lit,
	focus,
	onGo,
	onCopyLink,
	answers,
}: ChunkProps) {
	return (
		<div className={cx(css.chunk, (lit !== null || focus !== null) && css.chunkLit)}>
			{rows.map((row) => (
				<div
					key={row.key}
					data-row={row.kind}
					data-message={row.kind === "message" ? row.key : undefined}
				>
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
							lit={lit === row.key || focus?.id === row.key}
							excerpt={focus?.id === row.key ? focus.excerpt : null}
							quoted={quotedIn(texted, row.message)}
							onGo={onGo}
							onCopyLink={onCopyLink}
							answers={answers}
						/>
					)}
				</div>
			))}
		</div>
	);
}, isSameChunk);

/* Where it goes on: more is coming, or why it does not come. */
function Edge({ error, text, retry }: { error: unknown; text: string; retry: () => void }) {
	return error === undefined ? (
		<div className={css.edge}>{text}</div>
	) : (
		<ErrorState error={error} retry={retry} />
	);
}

/* The server knows the conversation, but not the message that it was asked for. */
function isOfNoMessage(error: unknown): boolean {
	return error instanceof ApiError && error.fields.some((f) => f.path === "around");
}

interface Anchor {
	key: string;
	top: number;
}

export function Thread({
	conversation,
	focus,
	onGo,
	link,
	answers = READING,
	sent = 0,
}: {
	conversation: string;
	focus: Focus | null;
	onGo: (id: string) => void;
	link: (id: string) => string;
	answers?: Answers;
	/** Changes with each message that is sent from here: one sees it go. */
	sent?: number;
}) {
	const t = useT(texts);
	const say = useToast();
	const box = useRef<HTMLDivElement>(null);
	const content = useRef<HTMLDivElement>(null);
	const anchor = useRef<Anchor | null>(null);
	/* Who was at the newest stays there: when the view shrinks, what is above grows, or more comes. */
	const isAtNewest = useRef(false);
	const measured = useRef({ top: 0, seen: 0, full: 0 });
	const [lit, setLit] = useState<string | null>(null);

	const keep = useCallback(() => {
		const el = box.current;
		if (el === null) return;
		const top = el.getBoundingClientRect().top;
		/* Not what stands between messages: a day's name goes with the first message of the day. */
		for (const row of el.querySelectorAll<HTMLElement>("[data-message]")) {
			const r = row.getBoundingClientRect();
			if (r.bottom > top) {
				anchor.current = { key: row.dataset["message"] ?? "", top: r.top };
				return;
			}
		}
	}, []);
	const thread = useThread(conversation, focus?.id ?? null, keep);
	const { window: held, change, version, extend, stuck } = thread;
	const messages = useMemo(() => held?.messages ?? [], [held]);
	const placed = useRef<Placed>(new Map());
	const chunks = useMemo(() => {
		const made = chunked(threadRows(messages), placed.current);
		placed.current = made.placed;
		return made.chunks;
	}, [messages]);
	const waiting = messages.filter((m) => m.status === "pending" && !m.unknownOutcome).length;
	const texted = useMemo(() => new Map(messages.map((m) => [m.id, m.body])), [messages]);
	const sessions = useSessions(conversation, messages);

	/* Not of the closure: who watches the sizes is told before the effects of a drawing have run. */
	const hasAfter = useRef(true);
	const near = useCallback(() => {
		const el = box.current;
		if (el === null) return;
		/* Only who goes up leaves the newest, not who is told of a scroll after the sizes have changed. */
		const { top, seen, full } = measured.current;
		const isUp = el.scrollTop < top && el.clientHeight === seen && el.scrollHeight === full;
		const isDown = el.scrollHeight - el.scrollTop - el.clientHeight < BOTTOM_PX;
		measured.current = { top: el.scrollTop, seen: el.clientHeight, full: el.scrollHeight };
		isAtNewest.current = !hasAfter.current && (isDown || (isAtNewest.current && !isUp));
		if (el.scrollTop < NEAR_PX) void extend("older");
		if (el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_PX) void extend("newer");
	}, [extend]);

	useLayoutEffect(() => {
		const el = box.current;
		hasAfter.current = held?.hasAfter !== false;
		if (el === null || version === 0) return;
		const was = anchor.current;
		if (change === "opened" || (change === "fresh" && isAtNewest.current)) {
			el.scrollTop = el.scrollHeight;
		} else if (was !== null && !(change === "stuck" && el.scrollTop < EDGE_PX)) {
			/* Who is at the very end sees what stands there now. */
			const row = el.querySelector<HTMLElement>(`[data-message="${CSS.escape(was.key)}"]`);
			if (row !== null) el.scrollTop += row.getBoundingClientRect().top - was.top;
		}
		near();
		// Once for each change: what is held changes with the version only.
		// eslint-disable-next-line react-hooks/exhaustive-deps
	}, [version, change, near]);

	useLayoutEffect(() => {
		if (focus === null || held === null) return;
		const row = box.current?.querySelector<HTMLElement>(`[data-message="${CSS.escape(focus.id)}"]`);
		if (row == null) return;
		row.scrollIntoView({ block: "center" });
		isAtNewest.current = false;
		setLit(focus.id);
		const timer = window.setTimeout(() => setLit(null), LIT_MS);
		return () => window.clearTimeout(timer);
		// Once for each asking, when the message is there: not each time the window changes.
		// eslint-disable-next-line react-hooks/exhaustive-deps
	}, [focus, held !== null && messages.some((m) => m.id === focus?.id)]);

	const { open } = thread;
	const sentBefore = useRef(sent);
	useEffect(() => {
		const el = box.current;
		if (sentBefore.current === sent || el === null) return;
		sentBefore.current = sent;
		if (hasAfter.current) {
			void open(null);
			return;
		}
		isAtNewest.current = true;
		el.scrollTop = el.scrollHeight;
	}, [sent, open]);

	const isShown = thread.error === null;
	useEffect(() => {
		const el = box.current;
		if (el === null || content.current === null) return;
		const watch = new ResizeObserver(() => {
			if (isAtNewest.current) el.scrollTop = el.scrollHeight;
			near();
		});
		watch.observe(el);
		watch.observe(content.current);
		return () => watch.disconnect();
	}, [near, isShown]);

	const copyLink = useCallback(
		(id: string) => {
			const address = new URL(link(id), location.href).href;
			void copyText(address).then((done) =>
				say(done ? t("linkCopied") : t("linkNotCopied", { address }), !done),
			);
		},
		[link, say, t],
	);

	if (focus !== null && isOfNoMessage(thread.error))
		return (
			<Empty
				title={t("message.gone")}
				action={<Button onClick={() => void thread.open(null)}>{t("newest")}</Button>}
			>
				{t("message.gone.text")}
			</Empty>
		);
	if (thread.error !== null)
		return <ErrorState error={thread.error} retry={() => void thread.open(focus?.id ?? null)} />;
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
				<div ref={content}>
					{held === null && (
						<div className={css.loadingThread}>
							<Skeleton lines={9} />
						</div>
					)}
					{held !== null && messages.length === 0 && (
						<Empty title={t("noMessages")}>{t("noMessages.text")}</Empty>
					)}
					{held !== null && messages.length > 0 && !held.hasBefore && (
						<div className={css.edge}>{t("beginning")}</div>
					)}
					{held?.hasBefore === true && (
						<Edge
							error={stuck.older}
							text={t("older")}
							retry={() => void extend("older", true)}
						/>
					)}
					{chunks.map((chunk) => (
						<ChunkOf
							key={chunk.key}
							rows={chunk.rows}
							sessions={sessions}
							texted={texted}
							lit={lit !== null && chunk.rows.some((r) => r.key === lit) ? lit : null}
							focus={
								focus !== null && chunk.rows.some((r) => r.key === focus.id) ? focus : null
							}
							onGo={onGo}
							onCopyLink={copyLink}
							answers={answers}
						/>
					))}
					{waiting > 1 && (
						<div className={css.edge} role="status">
							{t("queue", { n: waiting })}
						</div>
					)}
					{held?.hasAfter === true && (
						<Edge
							error={stuck.newer}
							text={t("newer")}
							retry={() => void extend("newer", true)}
						/>
					)}
				</div>
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
