/*
 * Where one answers. What always holds: what was typed stays until the server has it, also while
 * one looks at another conversation; before anything is sent it says whether Meta's window is open,
 * and whoever sends all the same has been told.
 */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { Link } from "wouter";
import type { Connection, Conversation, Message } from "../../api/types";
import { useT } from "../../i18n";
import { draftOf, keyOfDraft, setDraft, watchDrafts } from "../../lib/drafts";
import { latestWindow, serviceWindow } from "../../lib/serviceWindow";
import { useSession } from "../../shell/session";
import { useShortcuts } from "../../shell/shortcuts";
import { Button, cx, FormError, Icon, ui } from "../../ui";
import { useNow } from "../../ui/clock";
import { useTickets, WindowText } from "./Details";
import css from "./composer.module.css";
import { texts } from "./messages";
import { useSend } from "./useSend";

/* Meta's limit for a text, and when it is worth saying how much is left. */
const MOST_CHARACTERS = 4096;
const NEARLY = 200;

/* Grows with what is typed, up to a third of what one sees of the page. */
function fit(el: HTMLTextAreaElement | null): void {
	if (el === null) return;
	el.style.height = "auto";
	el.style.height = `${Math.min(el.scrollHeight + 2, window.innerHeight / 3)}px`;
}

/** Why nobody answers from here; null: one may, or it is the helpdesk's. */
export function whyOff(
	connection: Connection | undefined,
	allowed: boolean,
): "role" | "disconnected" | "token" | null {
	if (connection?.kind === "helpdesk") return null;
	if (!allowed) return "role";
	if (connection?.status === "disconnected") return "disconnected";
	return connection?.hasAccessToken === false ? "token" : null;
}

function Quoted({ message, onCancel }: { message: Message; onCancel: () => void }) {
	const t = useT(texts);
	return (
		<div className={css.quoted}>
			<span dir="auto">{message.body ?? t("quote")}</span>
			<Button kind="quiet" iconOnly aria-label={t("composer.unquote")} onClick={onCancel}>
				<Icon name="cross" size={14} />
			</Button>
		</div>
	);
}

export function Composer({
	conversation,
	connection,
	quoted,
	onUnquote,
	onSent,
}: {
	conversation: Conversation;
	/** Undefined while it is not known. */
	connection: Connection | undefined;
	quoted: Message | null;
	onUnquote: () => void;
	/** The server has it. */
	onSent: () => void;
}) {
	const t = useT(texts);
	const { can, slug } = useSession();
	const tickets = useTickets(conversation.id);
	const now = useNow();
	const box = useRef<HTMLDivElement>(null);
	const field = useRef<HTMLTextAreaElement>(null);
	const { id } = conversation;
	const text = useSyncExternalStore(watchDrafts, () => draftOf(id));
	const send = useSend();
	const helpdesk = connection?.kind === "helpdesk";
	const off = whyOff(connection, can("agent"));
	const isOff = helpdesk || off !== null;
	const open = serviceWindow(latestWindow(tickets.data?.data ?? []), now).state === "open";
	const left = MOST_CHARACTERS - Array.from(text).length;

	useEffect(() => fit(field.current), [text]);
	useEffect(() => {
		if (quoted !== null) field.current?.focus();
	}, [quoted]);
	useShortcuts((command) => {
		if (command !== "reply") return false;
		(isOff ? box.current : field.current)?.focus();
		return true;
	});

	const isReady = !isOff && text.trim() !== "" && left >= 0 && !send.isPending && tickets.isSuccess;
	const go = () => {
		if (!isReady) return;
		const replyTo = quoted?.id ?? null;
		send.mutate(
			{
				conversation: id,
				text: text.trim(),
				replyTo,
				force: !open,
				key: keyOfDraft(id, replyTo, () => crypto.randomUUID()),
			},
			{
				onSuccess: () => {
					onUnquote();
					onSent();
				},
			},
		);
	};
	return (
		<div ref={box} className={css.composer} role="group" aria-label={t("composer")} tabIndex={-1}>
			{quoted !== null && <Quoted message={quoted} onCancel={onUnquote} />}
			<div className={css.row}>
				<textarea
					ref={field}
					className={ui.input}
					rows={1}
					value={text}
					disabled={isOff}
					placeholder={t("composer.placeholder")}
					aria-label={t("composer.placeholder")}
					aria-describedby="composer-note"
					aria-invalid={left < 0}
					onChange={(e) => setDraft(id, e.target.value)}
					onKeyDown={(e) => {
						if (e.key !== "Enter" || e.shiftKey || e.nativeEvent.isComposing) return;
						e.preventDefault();
						/* Outside the window Enter is not enough: one presses what says so. */
						if (open) go();
					}}
				/>
				<Button kind={open ? "primary" : "plain"} disabled={!isReady} onClick={go}>
					{t(open || isOff ? "composer.send" : "composer.force")}
				</Button>
			</div>
			<FormError error={send.error} />
			<div className={cx(ui.small, ui.muted, css.note)} id="composer-note">
				<div>
					{off === null ? (
						<WindowText tickets={tickets.data?.data ?? []} helpdesk={helpdesk} />
					) : (
						<p>
							{t(`composer.off.${off}`)}{" "}
							{off !== "role" && (
								<Link href={`/${slug}/whatsapp`}>{t("composer.reconnect")}</Link>
							)}
						</p>
					)}
				</div>
				{left < NEARLY && (
					<span className={cx(left < 0 && css.over)} role="status">
						{t(left < 0 ? "composer.over" : "composer.left", { n: Math.abs(left) })}
					</span>
				)}
			</div>
		</div>
	);
}
