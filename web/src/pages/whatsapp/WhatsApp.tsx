/* The numbers of a client: a card each, one in detail, and how a new one comes in. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, useParams } from "wouter";
import { keys } from "../../api/keys";
import type { Connection } from "../../api/types";
import { byCode, useLanguage, useT } from "../../i18n";
import { duration, number, phone } from "../../lib/format";
import { historyPercent, historyTone, secondsLeft } from "../../lib/history";
import { useEvents } from "../../shell/live";
import { useConnections, useSession } from "../../shell/session";
import {
	Badge,
	buttonClass,
	cx,
	Empty,
	ErrorState,
	Icon,
	Page,
	Panel,
	Progress,
	Skeleton,
	Time,
	Tip,
	ui,
	type Tone,
} from "../../ui";
import { ConnectionDetails } from "./ConnectionDetails";
import { texts } from "./messages";
import { NewInstance } from "./NewInstance";
import css from "./whatsapp.module.css";

const GATHER_MS = 1000;
const STATUS: Record<Connection["status"], Tone> = {
	pending: "amber",
	connected: "green",
	paused: "grey",
	restricted: "red",
	disconnected: "grey",
};

export function StatusBadge({ connection }: { connection: Connection }) {
	const t = useT(texts);
	return <Badge tone={STATUS[connection.status]}>{t(`status.${connection.status}`)}</Badge>;
}

export function phaseName(t: (key: keyof typeof texts) => string, phase: unknown): string | null {
	const key = `phase.${String(phase)}`;
	return key in texts ? t(key as keyof typeof texts) : null;
}

export function HistoryBadge({ connection: c }: { connection: Connection }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const status = c.historySyncStatus;
	if (status === null) return null;
	const percent = historyPercent(c);
	const state =
		percent !== null
			? `${number(language, percent)}%`
			: status === "declined" || status === "failed"
				? t(`badge.${status}`)
				: t(`history.${status}`);
	const badge = <Badge tone={historyTone(status)}>{t("history.badge", { state })}</Badge>;
	return status === "pending_consent" || status === "declined" ? (
		<Tip text={t("consentTip")}>{badge}</Tip>
	) : (
		badge
	);
}

function HistoryLine({ connection: c }: { connection: Connection }) {
	const t = useT(texts);
	const status = c.historySyncStatus;
	if (status === null) return null;
	const percent = historyPercent(c);
	const counters = c.historyCounters;
	const left = secondsLeft(percent, counters?.durationSeconds);
	const parts = [
		phaseName(t, c.historySyncPhase),
		c.historySyncChunkOrder === null ? null : t("chunk", { n: c.historySyncChunkOrder }),
	].filter((x) => x !== null);
	return (
		<div className={css.line}>
			<p className={ui.small}>
				<strong>{t(`history.${status}`)}</strong>
				{status === "syncing" && parts.length > 0 && (
					<span className={ui.muted}> · {parts.join(" · ")}</span>
				)}
			</p>
			{status === "syncing" && <Progress value={percent} label={t("progress.label")} />}
			{counters !== null && counters.chunks > 0 ? (
				<p className={cx(ui.small, ui.muted)}>
					{t("messages", { n: counters.messagesImported })} ·{" "}
					{t("contacts", { n: counters.contactsImported })}
					{counters.durationSeconds !== null && ` · ${duration(counters.durationSeconds)}`}
					{left !== null && ` · ${t("left", { time: duration(left) })}`}
				</p>
			) : (
				<p className={cx(ui.small, ui.muted)}>{t(`why.${status}`)}</p>
			)}
			{(status === "declined" || status === "failed") && (
				<p className={cx(ui.small, ui.muted)}>{t(`remedy.${status}`)}</p>
			)}
		</div>
	);
}

export function InstanceCard({ connection: c }: { connection: Connection }) {
	const t = useT(texts);
	const { slug } = useSession();
	if (c.kind === "helpdesk")
		return (
			<Panel label={t("helpdesk")} className={css.card}>
				<div className={css.head}>
					<h2>{t("helpdesk")}</h2>
					<StatusBadge connection={c} />
				</div>
				<p className={cx(ui.small, ui.muted)}>{t("helpdesk.text")}</p>
				<div className={css.foot}>
					<Link className={buttonClass()} href={`/${slug}/importacoes`}>
						{t("helpdesk.go")}
					</Link>
				</div>
			</Panel>
		);
	return (
		<Panel label={phone(c.displayPhoneNumber)} className={css.card}>
			<div className={css.head}>
				<div>
					<h2>{phone(c.displayPhoneNumber)}</h2>
					<p className={cx(ui.small, ui.muted)}>
						{c.verifiedName !== null && (
							<>
								<bdi>{c.verifiedName}</bdi> ·{" "}
							</>
						)}
						{c.mode !== null && t(`mode.${c.mode}`)}
					</p>
				</div>
				<StatusBadge connection={c} />
			</div>
			{c.statusReason !== null && (
				<p className={ui.small}>{byCode(texts, t, "reason", c.statusReason, c.statusReason)}</p>
			)}
			<div className={ui.row}>
				<HistoryBadge connection={c} />
				{(c.historyLeadsWithNewMessage ?? 0) > 0 && (
					<Tip text={t("newMessage.tip")}>
						<Badge tone="accent" icon="chat">
							{t("newMessage")} {c.historyLeadsWithNewMessage}
						</Badge>
					</Tip>
				)}
			</div>
			<HistoryLine connection={c} />
			<div className={css.foot}>
				<span className={cx(ui.small, ui.muted)}>
					{t("lastWebhook")}:{" "}
					{c.lastWebhookAt === null ? t("never") : <Time at={c.lastWebhookAt} />}
				</span>
				<Link className={buttonClass()} href={`/${slug}/whatsapp/${c.id}`}>
					{t("details")}
				</Link>
			</div>
		</Panel>
	);
}

/* How many of the history wrote again changes with conversations, not with the connection. */
function useNewMessages(slug: string): void {
	const cache = useQueryClient();
	const timer = useRef<number | null>(null);
	useEffect(
		() => () => {
			if (timer.current !== null) window.clearTimeout(timer.current);
		},
		[],
	);
	useEvents((e) => {
		if (e === "reset" || e.kind !== "conversation.changed") return;
		timer.current ??= window.setTimeout(() => {
			timer.current = null;
			void cache.invalidateQueries({ queryKey: keys.connections(slug) });
		}, GATHER_MS);
	});
}

export default function WhatsApp() {
	const t = useT(texts);
	const { slug, can } = useSession();
	const id = useParams<{ id?: string }>().id;
	const connections = useConnections();
	useNewMessages(slug);
	if (id === "nova") return <NewInstance />;
	if (id !== undefined) return <ConnectionDetails key={id} id={id} />;
	const add = can("admin") && (
		<Link className={buttonClass("primary")} href={`/${slug}/whatsapp/nova`}>
			<Icon name="plus" />
			{t("new")}
		</Link>
	);
	return (
		<Page title={t("title")} action={add}>
			{connections.isPending && (
				<div className={ui.grid}>
					<Panel>
						<Skeleton lines={5} />
					</Panel>
					<Panel>
						<Skeleton lines={5} />
					</Panel>
				</div>
			)}
			{connections.isError && (
				<Panel>
					<ErrorState error={connections.error} retry={() => void connections.refetch()} />
				</Panel>
			)}
			{connections.data?.length === 0 && (
				<Panel>
					<Empty title={t("empty.title")} action={add}>
						{can("admin") ? t("empty.text") : t("empty.ask")}
					</Empty>
				</Panel>
			)}
			<div className={ui.grid}>
				{connections.data?.map((c) => (
					<InstanceCard key={c.id} connection={c} />
				))}
			</div>
		</Page>
	);
}
