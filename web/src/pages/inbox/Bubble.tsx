/*
 * One message. What always holds: its text is text, whatever it holds: never markup, never wider
 * than its bubble, right-to-left where it is, and marks that pile up are cut off at its edge.
 */
import { memo, useState } from "react";
import type { Message } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { metaReasons, type MetaReason } from "../../i18n/meta";
import { clockTime, exactTime } from "../../lib/format";
import { shownLength } from "../../lib/cut";
import { findExcerpt } from "../../lib/excerpt";
import { cx, Icon } from "../../ui";
import { useNow } from "../../ui/clock";
import type { IconName } from "../../ui/icons";
import css from "./inbox.module.css";
import { isMediaType, Media } from "./Media";
import { texts, typeKey } from "./messages";

/* These are told by their text alone: there is no file. */
const TOLD: Record<string, IconName> = { location: "place", contacts: "user" };
/* More marks on one letter than any language has. */
const PILED = /\p{M}{4}/u;
function Text({ text, excerpt }: { text: string; excerpt: string | null }) {
	const t = useT(texts);
	const [all, setAll] = useState(false);
	const found = excerpt === null ? null : findExcerpt(text, excerpt);
	const cut = shownLength(text);
	const long = cut < text.length && found === null;
	return (
		<div className={css.text} dir="auto">
			{found === null ? (
				long && !all ? (
					`${text.slice(0, cut)}…`
				) : (
					text
				)
			) : (
				<>
					{text.slice(0, found[0])}
					<mark className={css.excerpt}>{text.slice(found[0], found[1])}</mark>
					{text.slice(found[1])}
				</>
			)}
			{long && (
				<button type="button" className={css.inline} onClick={() => setAll(!all)} aria-expanded={all}>
					{all ? t("showLess") : t("showAll")}
				</button>
			)}
		</div>
	);
}

const TICKS: Record<string, IconName> = {
	pending: "clock",
	sent: "check",
	delivered: "checks",
	read: "checks",
	played: "checks",
	failed: "warning",
};

function Ticks({ message }: { message: Message }) {
	const t = useT(texts);
	const status = message.status;
	if (message.direction !== "OUTBOUND" || !(status in TICKS)) return null;
	const word = message.unknownOutcome ? t("status.unknown") : t(`status.${status}`);
	return (
		<span
			className={cx(
				css.ticks,
				(status === "read" || status === "played") && css.ticksRead,
				status === "failed" && css.bad,
			)}
			title={word}
		>
			<Icon name={TICKS[status] ?? "check"} size={14} label={word} />
		</span>
	);
}

function Quote({
	message,
	onGo,
	quoted,
}: {
	message: Message;
	onGo: (id: string) => void;
	quoted: string | null;
}) {
	const t = useT(texts);
	const id = message.replyTo?.id ?? null;
	if (message.replyTo === null) return null;
	if (id === null) return <div className={css.quote}>{t("quote.gone")}</div>;
	return (
		<button type="button" className={css.quote} onClick={() => onGo(id)} dir="auto">
			{quoted ?? t("quote")}
			{quoted !== null && <span className="sr-only"> {t("quote")}</span>}
		</button>
	);
}

function Versions({ message }: { message: Message }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const [shown, setShown] = useState(false);
	if (message.versions.length === 0) return null;
	return (
		<div>
			<button
				type="button"
				className={css.inline}
				aria-expanded={shown}
				onClick={() => setShown(!shown)}
			>
				{shown ? t("edited.hide") : t("edited.show")}
			</button>
			{shown &&
				message.versions.map((v, i) => (
					<div key={`${v.until ?? ""}${i}`} className={css.version} dir="auto">
						{v.body}
						{v.until !== null && (
							<span className={css.meta}>
								{" "}
								({t("edited.until", { at: exactTime(language, new Date(v.until)) })})
							</span>
						)}
					</div>
				))}
		</div>
	);
}

/** What one may do about a message. */
export interface Answers {
	/** Null: nobody can be answered here. */
	onReply: ((message: Message) => void) | null;
	/** Null: nothing is sent from here. */
	onAgain: ((message: Message) => void) | null;
}
export const READING: Answers = { onReply: null, onAgain: null };

/* So long a status may still tell what became of a message whose answer was lost. */
const UNKNOWN_MS = 600_000;
/* To send it once more would bring the same. */
const FINAL = new Set(["to_itself", "opted_out", "outside_window", "user_id_not_allowed", "country"]);

function reasonOf(error: Message["error"], t: (key: MetaReason) => string): string | null {
	if (error === null) return null;
	return error.kind === null ? error.reason : t(error.kind);
}

/** What became of one that was sent from here, where something is to be said of it. */
function Outcome({ message: m, onAgain }: { message: Message; onAgain: Answers["onAgain"] }) {
	const t = useT(texts);
	const meta = useT(metaReasons);
	const now = useNow();
	const [asked, setAsked] = useState(false);
	const isFailed = m.status === "failed";
	const isLost = m.unknownOutcome && now.getTime() - Date.parse(m.timestamp) >= UNKNOWN_MS;
	const mayAgain = m.source === "api" && m.body !== null && !FINAL.has(m.error?.kind ?? "");
	const reason = reasonOf(m.error, meta);
	return (
		<>
			<div className={cx(css.failed, !isFailed && css.unknown)}>
				<Icon name={isFailed ? "warning" : "clock"} size={14} />
				<span className={css.clamped}>
					{!isFailed
						? t(isLost ? "unknown" : "unknown.yet")
						: reason === null
							? t("failed")
							: t("failedWhy", { reason })}
				</span>
			</div>
			{(isFailed || isLost) && mayAgain && onAgain !== null && (
				<button
					type="button"
					className={css.inline}
					disabled={asked}
					onClick={() => {
						setAsked(true);
						onAgain(m);
					}}
				>
					{t("again")}
				</button>
			)}
		</>
	);
}

export interface BubbleProps {
	message: Message;
	continues: boolean;
	lit: boolean;
	excerpt: string | null;
	quoted: string | null;
	onGo: (id: string) => void;
	onCopyLink: (id: string) => void;
	answers: Answers;
}

export const Bubble = memo(function Bubble({
	message: m,
	continues,
	lit,
	excerpt,
	quoted,
	onGo,
	onCopyLink,
	answers,
}: BubbleProps) {
	const t = useT(texts);
	const { language } = useLanguage();
	const [showRevoked, setShowRevoked] = useState(false);
	const at = new Date(m.timestamp);
	const clock = clockTime(language, at);
	/* Only when it is wanted: to write out a time costs more than the rest of a bubble. */
	const sayExactly = (e: { currentTarget: HTMLElement }) => {
		e.currentTarget.title = `${exactTime(language, at)} · ${t("copyLink")}`;
	};
	const out = m.direction === "OUTBOUND";
	const speaker =
		m.senderType === "SYSTEM" || m.senderType === "AI" ? t(`sender.${m.senderType}`) : m.agentName;
	const isMedia = m.media !== null || isMediaType(m.type);
	const hidden = m.revokedAt !== null && !showRevoked;
	/* A document without a caption has its name for text. */
	const body = m.body === "" || m.body === m.media?.filename ? null : m.body;
	const piled = PILED.test(JSON.stringify([body, m.media?.filename, speaker, m.error?.reason, m.versions]));
	return (
		<div className={cx(css.bubbleRow, out && css.out, continues && css.continues, piled && css.piled)}>
			<article className={cx(css.bubble, lit && css.lit)} data-lit={lit || undefined}>
				{speaker !== null && speaker !== "" && !continues && (
					<div className={css.speaker}>{speaker}</div>
				)}
				<Quote message={m} onGo={onGo} quoted={quoted} />
				{m.revokedAt !== null && (
					<div className={css.revoked}>
						<Icon name="off" size={14} /> {t("revoked")}{" "}
						{body !== null && (
							<button
								type="button"
								className={css.inline}
								onClick={() => setShowRevoked(!showRevoked)}
								aria-expanded={showRevoked}
							>
								{showRevoked ? t("revoked.hide") : t("revoked.show")}
							</button>
						)}
					</div>
				)}
				{!hidden && isMedia && <Media message={m} />}
				{!hidden && !isMedia && m.type !== "text" && (
					<div className={css.kind}>
						{m.type in TOLD && <Icon name={TOLD[m.type] ?? "info"} size={14} />}
						{t(typeKey(m.type), { type: m.type })}
					</div>
				)}
				{!hidden && body !== null && <Text text={body} excerpt={excerpt} />}
				{m.editedAt !== null && <Versions message={m} />}
				{(m.status === "failed" || m.unknownOutcome) && (
					<Outcome message={m} onAgain={answers.onAgain} />
				)}
				<footer className={css.foot}>
					{m.editedAt !== null && <span>{t("edited")}</span>}
					{m.missingSince !== null && <span>{t("missing")}</span>}
					<span className={css.origin} title={t(`source.${m.source}.tip`)}>
						{t(`source.${m.source}`)}
					</span>
					{m.badTime && (
						<span className={css.origin} title={t("badTime.tip")}>
							{t("badTime")}
						</span>
					)}
					<button
						type="button"
						className={css.stamp}
						onClick={() => onCopyLink(m.id)}
						aria-label={`${clock} · ${t("copyLink")}`}
						onPointerEnter={sayExactly}
						onFocus={sayExactly}
					>
						<time dateTime={m.timestamp}>{clock}</time>
					</button>
					<Ticks message={m} />
					{answers.onReply !== null && m.wamid !== null && m.revokedAt === null && (
						<button
							type="button"
							className={css.reply}
							onClick={() => answers.onReply?.(m)}
							title={t("reply")}
							aria-label={t("reply")}
						/>
					)}
				</footer>
				{m.reactions.length > 0 && (
					<div className={css.reactions}>
						{m.reactions.map((r) => (
							<span
								key={r.by + r.emoji}
								className={css.reaction}
								title={t("reaction", { who: t(`who.${r.by}`), emoji: r.emoji })}
							>
								<span className="sr-only">
									{t("reaction", { who: t(`who.${r.by}`), emoji: "" })}
								</span>
								{r.emoji}
							</span>
						))}
					</div>
				)}
			</article>
		</div>
	);
});
