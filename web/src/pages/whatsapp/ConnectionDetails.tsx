/* One number: how far its history is, what is missing and why, and how to leave it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Connection, HistorySync } from "../../api/types";
import { byCode, useLanguage, useT } from "../../i18n";
import { duration, number, phone } from "../../lib/format";
import { historyPercent } from "../../lib/history";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import {
	Button,
	buttonClass,
	CopyButton,
	cx,
	ErrorState,
	FormError,
	Icon,
	Notice,
	Page,
	Panel,
	Progress,
	Skeleton,
	TableWrap,
	Time,
	ui,
} from "../../ui";
import { Confirm } from "../../ui/dialog";
import { Release } from "../Release";
import { AccessToken } from "./AccessToken";
import { AskAgain } from "./AskAgain";
import { texts } from "./messages";
import { HistoryBadge, phaseName, StatusBadge } from "./WhatsApp";
import css from "./whatsapp.module.css";

const ALERTED = ["declined", "failed", "pending_consent"] as const;

/** What is wrong, or awaited of somebody, is said once, at the top. */
function alertOf(c: Connection): (typeof ALERTED)[number] | undefined {
	return ALERTED.find((status) => status === c.historySyncStatus);
}

/* Nothing came for longer than HISTORY_ALERT_MINUTES after it was asked for. */
function isLate(c: Connection, sync: HistorySync | undefined): boolean {
	const since = sync?.run?.requestedAt ?? "";
	return (
		(c.historySyncStatus === "pending_consent" || c.historySyncStatus === "pending_history") &&
		sync?.log.some((l) => l.at >= since && l.code === "history_sync.alert") === true
	);
}

function Alert({ connection: c, sync }: { connection: Connection; sync: HistorySync | undefined }) {
	const t = useT(texts);
	const status = alertOf(c);
	if (isLate(c, sync))
		return (
			<Notice tone="red" role="alert">
				<p>
					<strong>{t("late.title")}</strong>
				</p>
				{status !== undefined && <p>{t(`remedy.${status}`)}</p>}
				<p>{t("late.text")}</p>
			</Notice>
		);
	if (status === undefined) return null;
	const e = c.historySyncError;
	return (
		<Notice tone={status === "pending_consent" ? "amber" : "red"}>
			<p>
				<strong>{t(`why.${status}`)}</strong>
			</p>
			{e !== null && e.reason === null && (
				<p>{t("problem", { code: String(e.code ?? "–"), message: e.message })}</p>
			)}
			{e?.failedChunks != null && e.failedChunks > 0 && (
				<p>{t("problem.chunks", { n: e.failedChunks })}</p>
			)}
			<p>{t(`remedy.${status}`)}</p>
		</Notice>
	);
}

function Counters({ connection, sync }: { connection: string; sync: HistorySync }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const c = sync.run?.counters;
	if (c == null || c.chunks + c.contactsImported + c.messagesFailed === 0) return null;
	const rows: [keyof typeof texts, number][] = [
		["c.messagesImported", c.messagesImported],
		["c.messagesDuplicate", c.messagesDuplicate],
		["c.messagesFailed", c.messagesFailed],
		["c.contactsImported", c.contactsImported],
		["c.threads", c.threads],
		["c.chunks", c.chunks],
	];
	return (
		<dl className={ui.dl}>
			{rows.map(([key, n]) => (
				<div key={key} className={ui.pair}>
					<dt>{t(key)}</dt>
					<dd>
						<span>{number(language, n)}</span>
						{key === "c.threads" && n > 0 && (
							<>
								{" · "}
								<Link href={`/${slug}/conversas?numero=${connection}`}>
									{t("c.threads.go")}
								</Link>
							</>
						)}
					</dd>
				</div>
			))}
			<div className={ui.pair}>
				<dt>{t("c.duration")}</dt>
				<dd>{c.durationSeconds === null ? "–" : duration(c.durationSeconds)}</dd>
			</div>
			<div className={ui.pair}>
				<dt>{t("c.first")}</dt>
				<dd>
					<Time at={sync.run?.firstPayloadAt} />
				</dd>
			</div>
			<div className={ui.pair}>
				<dt>{t("c.last")}</dt>
				<dd>
					<Time at={sync.run?.lastPayloadAt} />
				</dd>
			</div>
		</dl>
	);
}

function Chunks({ sync }: { sync: HistorySync }) {
	const t = useT(texts);
	const { language } = useLanguage();
	return (
		<Panel title={t("chunks")}>
			<div className={ui.stack}>
				{sync.gaps.map((g) => (
					<Notice key={`${g.phase}-${g.from}`} tone="amber" icon="warning">
						{t(g.from === g.to ? "gaps.one" : "gaps.text", {
							phase: phaseName(t, g.phase) ?? g.phase,
							from: g.from,
							to: g.to,
						})}
					</Notice>
				))}
				{sync.chunks.length === 0 ? (
					<p className={ui.muted}>{t("chunks.none")}</p>
				) : (
					<TableWrap label={t("chunks")}>
						<table className={ui.table}>
							<thead>
								<tr>
									<th scope="col">{t("phase")}</th>
									<th scope="col" className={ui.num}>
										{t("col.chunk")}
									</th>
									<th scope="col" className={ui.num}>
										{t("col.progress")}
									</th>
									<th scope="col" className={ui.num}>
										{t("col.messages")}
									</th>
									<th scope="col" className={ui.num}>
										{t("col.problems")}
									</th>
									<th scope="col">{t("col.received")}</th>
								</tr>
							</thead>
							<tbody>
								{sync.chunks.map((c) => (
									<tr key={`${c.phase}-${c.chunkOrder}-${c.receivedAt}`}>
										<td>{phaseName(t, c.phase) ?? c.phase}</td>
										<td className={ui.num}>{number(language, c.chunkOrder)}</td>
										<td className={ui.num}>
											{c.progress === null ? "–" : `${c.progress}%`}
										</td>
										<td className={ui.num}>{number(language, c.messages)}</td>
										<td className={ui.num}>
											{Array.isArray(c.problems)
												? c.problems.length
												: String(c.problems)}
										</td>
										<td>
											<Time at={c.receivedAt} as="exact" />
										</td>
									</tr>
								))}
							</tbody>
						</table>
					</TableWrap>
				)}
			</div>
		</Panel>
	);
}

/* WhatsApp said that it was done, and yet not every chunk of it came. */
function isIncomplete(sync: HistorySync | undefined): boolean {
	return sync?.run?.status === "completed" && sync.gaps.length > 0;
}

function OwnUrl({ id }: { id: string }) {
	const t = useT(texts);
	const make = useMutation({
		mutationFn: () => api.post("/api/connections/{id}/webhook-secret", { path: { id } }),
	});
	return (
		<Panel
			title={t("secret")}
			action={
				<Button onClick={() => make.mutate()} disabled={make.isPending}>
					{t("secret.make")}
				</Button>
			}
		>
			<div className={ui.stack}>
				<p className={cx(ui.small, ui.muted)}>{t("secret.text")}</p>
				<FormError error={make.error} />
				{make.data !== undefined && (
					<Notice tone="amber" action={<CopyButton text={make.data.url} />}>
						<p>{t("secret.once")}</p>
						<p>
							<code>{make.data.url}</code>
						</p>
					</Notice>
				)}
			</div>
		</Panel>
	);
}

function Disconnect({
	connection: c,
	setLeaving,
}: {
	connection: Connection;
	setLeaving: (to: boolean) => void;
}) {
	const t = useT(texts);
	const { slug } = useSession();
	const [, navigate] = useLocation();
	const cache = useQueryClient();
	const say = useToast();
	const [open, setOpen] = useState(false);
	const remove = useMutation({
		mutationFn: () => api.delete("/api/connections/{id}", { path: { id: c.id } }),
		onMutate: () => setLeaving(true),
		onError: () => setLeaving(false),
		onSuccess: () => {
			say(t("disconnected"));
			navigate(`/${slug}/whatsapp`);
			void cache.invalidateQueries({ queryKey: keys.connections(slug) });
		},
	});
	return (
		<>
			<Button kind="danger" onClick={() => setOpen(true)}>
				{t("disconnect")}
			</Button>
			<Confirm
				open={open}
				onClose={() => setOpen(false)}
				onConfirm={() => remove.mutate()}
				busy={remove.isPending}
				error={remove.error}
				title={t("disconnect.title", { number: phone(c.displayPhoneNumber) })}
				text={t("disconnect.text")}
				action={t("disconnect")}
			/>
		</>
	);
}

export function ConnectionDetails({ id }: { id: string }) {
	const t = useT(texts);
	const { slug, can } = useSession();
	/* What is being disconnected is not asked for again: it may be gone before the page is. */
	const [leaving, setLeaving] = useState(false);
	const one = useQuery({
		queryKey: [...keys.connections(slug), id],
		enabled: !leaving,
		queryFn: ({ signal }) => api.get("/api/connections/{id}", { path: { id }, signal }),
	});
	const c = one.data?.connection;
	const whatsapp = c?.kind === "whatsapp";
	const sync = useQuery({
		queryKey: keys.history(slug, id),
		enabled: whatsapp && !leaving,
		queryFn: ({ signal }) => api.get("/api/connections/{id}/history-sync", { path: { id }, signal }),
	});
	const back = (
		<Link className={buttonClass()} href={`/${slug}/whatsapp`}>
			<Icon name="left" />
			{t("backAll")}
		</Link>
	);
	if (one.isError)
		return (
			<Page title={t("title")} action={back}>
				<Panel>
					<ErrorState error={one.error} retry={() => void one.refetch()} />
				</Panel>
			</Page>
		);
	if (c === undefined)
		return (
			<Page title={t("title")} action={back}>
				<Panel>
					<Skeleton lines={8} />
				</Panel>
			</Page>
		);
	const retriable =
		c.historySyncStatus === "declined" ||
		c.historySyncStatus === "failed" ||
		c.historySyncStatus === "not_requested";
	const expected = c.historySyncStatus === "pending_consent" || c.historySyncStatus === "pending_history";
	return (
		<Page title={c.kind === "helpdesk" ? t("helpdesk") : phone(c.displayPhoneNumber)} action={back}>
			<Alert connection={c} sync={sync.data} />
			<div className={ui.two}>
				<Panel title={t("connection")} action={<StatusBadge connection={c} />}>
					<dl className={ui.dl}>
						<dt>{t("number")}</dt>
						<dd>
							{phone(c.displayPhoneNumber)}{" "}
							{c.verifiedName !== null && <bdi>· {c.verifiedName}</bdi>}
						</dd>
						{c.statusReason !== null && (
							<>
								<dt>{t("why")}</dt>
								<dd>{byCode(texts, t, "reason", c.statusReason, c.statusReason)}</dd>
							</>
						)}
						<dt>{t("phoneNumberId")}</dt>
						<dd>{c.phoneNumberId ?? "–"}</dd>
						<dt>{t("wabaId")}</dt>
						<dd>{c.wabaId ?? "–"}</dd>
						<dt>{t("token")}</dt>
						<dd>{c.hasAccessToken ? t("token.set") : t("token.unset")}</dd>
						<dt>{t("createdAt")}</dt>
						<dd>
							<Time at={c.createdAt} as="exact" />
						</dd>
						<dt>{t("lastPayload")}</dt>
						<dd>
							<Time at={c.lastWebhookAt} /> ·{" "}
							<Link href={`/${slug}/webhooks`}>{t("lastPayload.go")}</Link>
						</dd>
					</dl>
				</Panel>
				{whatsapp && (
					<Panel title={t("history")} action={<HistoryBadge connection={c} />}>
						<div className={ui.stack}>
							{c.historySyncStatus !== null && (
								<p>
									{t(`history.${c.historySyncStatus}`)}.{" "}
									{alertOf(c) === undefined && (
										<span className={ui.muted}>
											{isIncomplete(sync.data)
												? t("why.completed.gaps")
												: t(`why.${c.historySyncStatus}`)}
										</span>
									)}
								</p>
							)}
							{c.historySyncStatus === "syncing" && (
								<Progress value={historyPercent(c)} label={t("progress.label")} />
							)}
							{sync.isPending && <Skeleton lines={5} />}
							{sync.isError && (
								<ErrorState error={sync.error} retry={() => void sync.refetch()} />
							)}
							{sync.data !== undefined && <Counters connection={id} sync={sync.data} />}
							{retriable && c.mode === "coexistence" && <AskAgain connection={c} />}
						</div>
					</Panel>
				)}
			</div>
			{sync.data !== undefined && (expected || sync.data.chunks.length > 0) && (
				<Chunks sync={sync.data} />
			)}
			{sync.data !== undefined && (
				<Panel title={t("log")}>
					{sync.data.log.length === 0 ? (
						<p className={ui.muted}>{t("log.none")}</p>
					) : (
						<ul className={css.log}>
							{sync.data.log.map((l, i) => (
								<li key={i}>
									<span className={ui.muted}>
										<Time at={l.at} as="exact" />
									</span>
									<span>{byCode(texts, t, "log", l.code, l.text)}</span>
								</li>
							))}
						</ul>
					)}
				</Panel>
			)}
			{whatsapp && can("operator") && (
				<Panel title={t("parked")}>
					<div className={ui.stack}>
						<p className={cx(ui.small, ui.muted)}>{t("parked.text")}</p>
						<Release connection={id} />
					</div>
				</Panel>
			)}
			{whatsapp && can("admin") && !c.hasAccessToken && <AccessToken id={id} />}
			{whatsapp && can("admin") && <OwnUrl id={id} />}
			{whatsapp && can("admin") && (
				<div>
					<Disconnect connection={c} setLeaving={setLeaving} />
				</div>
			)}
		</Page>
	);
}
