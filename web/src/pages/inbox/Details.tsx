/* The right column: who the person is, what is open, which sessions there were, how long one may answer. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Conversation, Session, Ticket } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { duration, phone } from "../../lib/format";
import { latestWindow, serviceWindow } from "../../lib/serviceWindow";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Badge, Button, CopyButton, ErrorState, FormError, Skeleton, Time, ui } from "../../ui";
import { useNow } from "../../ui/clock";
import css from "./details.module.css";
import inbox from "./inbox.module.css";
import { texts } from "./messages";
import { SessionChip } from "./SessionChip";

export function useTickets(id: string) {
	const { slug } = useSession();
	return useQuery({
		queryKey: keys.tickets(slug, id),
		queryFn: ({ signal }) =>
			api.get("/api/conversations/{id}/tickets", { path: { id }, query: { limit: 20 }, signal }),
	});
}

export function WindowText({ tickets, helpdesk }: { tickets: readonly Ticket[]; helpdesk: boolean }) {
	const t = useT(texts);
	const now = useNow();
	if (helpdesk) return <p>{t("window.helpdesk")}</p>;
	const w = serviceWindow(latestWindow(tickets), now);
	if (w.state === "open") return <p>{t("window.open", { left: duration(w.secondsLeft) })}</p>;
	return <p>{t(`window.${w.state}`)}</p>;
}

function TicketRow({ ticket }: { ticket: Ticket }) {
	const t = useT(texts);
	const known = ticket.status === "open" || ticket.status === "pending" || ticket.status === "closed";
	return (
		<li className={css.detailRow}>
			<span>
				<Badge tone={ticket.status === "closed" ? "grey" : "green"} icon={null}>
					{known ? t(`ticket.${ticket.status as "open" | "pending" | "closed"}`) : ticket.status}
				</Badge>{" "}
				{ticket.externalUuid !== null && (
					<span className={ui.muted} title={ticket.externalUuid}>
						#{ticket.externalUuid.slice(0, 8)}
					</span>
				)}
			</span>
			<Time at={ticket.openedAt} />
		</li>
	);
}

function Tickets({ conversation, helpdesk }: { conversation: Conversation; helpdesk: boolean }) {
	const t = useT(texts);
	const { can, slug } = useSession();
	const say = useToast();
	const cache = useQueryClient();
	const tickets = useTickets(conversation.id);
	const open = conversation.openTicketId;
	const change = useMutation({
		/* Of what stood on the button: the event of this very change may be here before its answer. */
		mutationFn: async (open: string | null) => {
			if (open === null)
				await api.post("/api/conversations/{id}/tickets", {
					path: { id: conversation.id },
					body: { source: "manual" },
				});
			else await api.patch("/api/tickets/{id}", { path: { id: open }, body: { status: "closed" } });
		},
		onSuccess: (_, open) => {
			say(t(open === null ? "tickets.opened" : "tickets.closed"));
			void cache.invalidateQueries({ queryKey: keys.tickets(slug, conversation.id) });
			void cache.invalidateQueries({ queryKey: keys.conversation(slug, conversation.id) });
		},
	});
	return (
		<section className={css.detail}>
			<h3>{t("tickets")}</h3>
			{tickets.isPending && <Skeleton lines={2} />}
			{tickets.isError && <ErrorState error={tickets.error} retry={() => void tickets.refetch()} />}
			{tickets.data?.data.length === 0 && <p className={ui.muted}>{t("tickets.none")}</p>}
			<ul>
				{tickets.data?.data.map((x) => (
					<TicketRow key={x.id} ticket={x} />
				))}
			</ul>
			{can("agent") && !helpdesk && (
				<Button onClick={() => change.mutate(open)} disabled={change.isPending}>
					{t(open === null ? "tickets.open" : "tickets.close")}
				</Button>
			)}
			<FormError error={change.error} />
			<h3>{t("windows")}</h3>
			<div className={ui.small}>
				{conversation.hasHistory && <p>{t("window.history")}</p>}
				<WindowText tickets={tickets.data?.data ?? []} helpdesk={helpdesk} />
			</div>
		</section>
	);
}

function ToBeginning({
	session,
	onGo,
	children,
}: {
	session: Session;
	onGo: (message: string) => void;
	children: ReactNode;
}) {
	const first = session.firstMessageId;
	if (first === null) return children;
	return (
		<button type="button" className={inbox.linkButton} onClick={() => onGo(first)}>
			{children}
		</button>
	);
}

function Sessions({ conversation, onGo }: { conversation: Conversation; onGo: (message: string) => void }) {
	const t = useT(texts);
	const { slug } = useSession();
	const sessions = useQuery({
		queryKey: keys.sessions(slug, conversation.id),
		queryFn: ({ signal }) =>
			api.get("/api/conversations/{id}/sessions", {
				path: { id: conversation.id },
				query: { limit: 100 },
				signal,
			}),
	});
	return (
		<section className={css.detail}>
			<h3>{t("sessions")}</h3>
			{sessions.isPending && <Skeleton lines={3} />}
			{sessions.isError && <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />}
			{sessions.data?.data.length === 0 && <p className={ui.muted}>{t("session.none")}</p>}
			<ul>
				{sessions.data?.data.slice(0, 30).map((s) => (
					<li key={s.id} className={css.sessionRow}>
						<ToBeginning session={s} onGo={onGo}>
							<Time at={s.startedAt} as="list" />
						</ToBeginning>
						<span>{s.type === "CLOSED" && <SessionChip sessionId={s.id} />}</span>
						<span className={ui.muted}>
							{s.endedAt === null
								? t("session.open")
								: duration((Date.parse(s.endedAt) - Date.parse(s.startedAt)) / 1000)}
							{" · "}
							{t("session.messages", { n: s.messageCount })}
							{s.assignedUserName !== null && ` · ${s.assignedUserName}`}
						</span>
						{s.firstMessageId !== null && (
							<ToBeginning session={s} onGo={onGo}>
								{t("session.beginning")}
							</ToBeginning>
						)}
					</li>
				))}
			</ul>
		</section>
	);
}

export function Details({
	conversation,
	helpdesk,
	onGo,
}: {
	conversation: Conversation;
	helpdesk: boolean;
	onGo: (message: string) => void;
}) {
	const t = useT(texts);
	const { lead } = conversation;
	const { language } = useLanguage();
	return (
		<div className={css.details}>
			<section className={css.detail}>
				<h3>{t("lead")}</h3>
				<dl className={ui.dl}>
					<dt>{t("name")}</dt>
					<dd>
						<bdi className={inbox.clamped} title={lead.pushName ?? undefined}>
							{lead.pushName ?? t("noName")}
						</bdi>
					</dd>
					<dt>{t("number")}</dt>
					<dd>{phone(lead.phoneNumber)}</dd>
					{lead.username !== null && (
						<>
							<dt>{t("username")}</dt>
							<dd>
								<bdi>{lead.username}</bdi>
							</dd>
						</>
					)}
					<dt>{t("origin")}</dt>
					<dd>{t(`origin.${lead.source}`)}</dd>
					<dt>{t("since")}</dt>
					<dd lang={language}>
						<Time at={lead.createdAt} />
					</dd>
					<dt>{t("tags")}</dt>
					<dd className={ui.row}>
						{lead.tags.length === 0
							? t("tags.none")
							: lead.tags.map((tag) => (
									<Badge key={tag.id} tone="grey" icon={null}>
										{tag.name}
									</Badge>
								))}
					</dd>
				</dl>
				{lead.phoneNumber !== null && <CopyButton text={lead.phoneNumber} label={t("number.copy")} />}
			</section>
			<Tickets conversation={conversation} helpdesk={helpdesk} />
			<Sessions conversation={conversation} onGo={onGo} />
		</div>
	);
}
