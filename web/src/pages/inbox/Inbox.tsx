/*
 * The inbox: three columns, one at a time where there is no room. What always holds: what is
 * chosen, searched and shown stands in the address, so that it can be sent and gone back to.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useParams, useSearch } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Conversation, Message } from "../../api/types";
import { useT } from "../../i18n";
import { common } from "../../i18n/common";
import { phone } from "../../lib/format";
import { useConnections, useSession } from "../../shell/session";
import { useShortcuts } from "../../shell/shortcuts";
import { useToast } from "../../shell/toasts";
import { Button, cx, Empty, ErrorState, errorText, Icon, Notice, Skeleton, ui } from "../../ui";
import { Composer, whyOff } from "./Composer";
import { ConversationList } from "./ConversationList";
import { Details } from "./Details";
import css from "./inbox.module.css";
import { texts } from "./messages";
import { Thread, type Focus } from "./Thread";
import { FILTERS, useConversations, type Filters } from "./useConversations";
import { useSend } from "./useSend";

const NAMES: Record<keyof Filters, string> = { q: "q", filter: "filtro", connectionId: "numero" };

function useRead(conversation: Conversation | undefined, onRead: (id: string) => void): void {
	const { can, slug } = useSession();
	const cache = useQueryClient();
	const id = conversation?.id;
	const unread = (conversation?.unreadCount ?? 0) > 0;
	const allowed = can("agent");

	useEffect(() => {
		if (id === undefined || !unread || !allowed) return;
		api.post("/api/conversations/{id}/read", { path: { id } }).then(
			() => {
				void cache.invalidateQueries({ queryKey: keys.conversation(slug, id) });
				onRead(id);
			},
			() => undefined,
		);
	}, [id, unread, allowed, slug, cache, onRead]);
}

/** Sends the text of a message once more, as another message. */
function useAgain(conversation: string): (message: Message) => void {
	const t = useT(common);
	const say = useToast();
	const { mutate } = useSend();
	return useCallback(
		(message: Message) =>
			mutate(
				{
					conversation,
					text: message.body ?? "",
					replyTo: message.replyTo?.id ?? null,
					force: false,
					key: crypto.randomUUID(),
				},
				{ onError: (error) => say(errorText(error, t), true) },
			),
		[conversation, mutate, say, t],
	);
}

export default function Inbox() {
	const t = useT(texts);
	const { can, slug } = useSession();
	const id = useParams<{ id?: string }>().id ?? null;
	const search = useSearch();
	const [, navigate] = useLocation();
	const words = useMemo(() => new URLSearchParams(search), [search]);
	const filters = useMemo<Filters>(
		() => ({
			q: words.get(NAMES.q) ?? "",
			filter: FILTERS.find((f) => f === words.get(NAMES.filter)) ?? "all",
			connectionId: words.get(NAMES.connectionId) ?? "",
		}),
		[words],
	);
	const showDetails = words.get("detalhes") === "1";
	const message = words.get("mensagem");
	const asked = useRef(0);
	const focus = useMemo<Focus | null>(
		() => (message === null ? null : { id: message, excerpt: null, nonce: ++asked.current }),
		[message],
	);

	const addressWith = useCallback(
		(to: string | null, more: Record<string, string | null>) => {
			const next = new URLSearchParams(search);
			next.delete("mensagem");
			for (const [name, value] of Object.entries(more))
				if (value === null || value === "") next.delete(name);
				else next.set(name, value);
			const text = next.toString();
			return `/${slug}/conversas${to === null ? "" : `/${to}`}${text === "" ? "" : `?${text}`}`;
		},
		[search, slug],
	);
	const setFilters = useCallback(
		(to: Partial<Filters>) => {
			const more: Record<string, string | null> = {};
			for (const [key, value] of Object.entries(to))
				more[NAMES[key as keyof Filters]] = value === "all" ? null : value;
			navigate(addressWith(id, more), { replace: true });
		},
		[addressWith, id, navigate],
	);

	const list = useConversations(slug, filters, id);
	const connections = useConnections();
	const one = useQuery({
		queryKey: keys.conversation(slug, id ?? ""),
		enabled: id !== null,
		queryFn: ({ signal }) => api.get("/api/conversations/{id}", { path: { id: id ?? "" }, signal }),
	});
	const conversation = one.data?.conversation;
	const connection = connections.data?.find((c) => c.id === conversation?.connectionId);
	const helpdesk = connection?.kind === "helpdesk";
	useRead(conversation, list.markRead);

	/* Asked for by every row at every frame of a scroll. */
	const hrefOf = useMemo(() => {
		const [before, after] = addressWith("@", { detalhes: null }).split("@", 2);
		return (to: string) => `${before}${to}${after}`;
	}, [addressWith]);
	useShortcuts((command) => {
		if (command === "close") {
			if (id === null) return false;
			navigate(showDetails ? addressWith(id, { detalhes: null }) : addressWith(null, {}));
			return true;
		}
		if (command !== "next" && command !== "previous") return false;
		const at = list.rows.findIndex((r) => r.id === id);
		const to = list.rows[at < 0 ? 0 : at + (command === "next" ? 1 : -1)];
		if (to !== undefined) navigate(hrefOf(to.id), { replace: id !== null });
		return true;
	});
	const go = useCallback(
		(to: string) => navigate(addressWith(id, { mensagem: to })),
		[addressWith, id, navigate],
	);
	/* Where there is room for one column only, the thread is shown. */
	const goFromDetails = useCallback(
		(to: string) => navigate(addressWith(id, { mensagem: to, detalhes: null })),
		[addressWith, id, navigate],
	);
	const [quoted, setQuoted] = useState<Message | null>(null);
	useEffect(() => setQuoted(null), [id]);
	const [sent, setSent] = useState(0);
	const again = useAgain(id ?? "");
	const answers = useMemo(
		() => ({
			onReply:
				connection?.kind === "whatsapp" && whyOff(connection, can("agent")) === null
					? setQuoted
					: null,
			onAgain: can("agent") ? again : null,
		}),
		[again, can, connection],
	);
	const link = useCallback((to: string) => `/${slug}/conversas/${id ?? ""}?mensagem=${to}`, [slug, id]);

	return (
		<div className={cx(css.inbox, id !== null && css.hasThread, showDetails && css.hasDetails)}>
			<h1 className="sr-only">{t("title")}</h1>
			<ConversationList
				list={list}
				filters={filters}
				setFilters={setFilters}
				selected={id}
				hrefOf={hrefOf}
				connections={connections.data ?? []}
			/>
			<section className={css.threadColumn} aria-label={t("thread")}>
				{id === null && <Empty title={t("choose")}>{t("choose.text")}</Empty>}
				{id !== null && (
					<>
						<header className={css.threadHead}>
							<Button
								kind="quiet"
								iconOnly
								className={css.onPhone}
								aria-label={t("backToList")}
								onClick={() => navigate(addressWith(null, {}))}
							>
								<Icon name="left" />
							</Button>
							<div className={css.threadTitle}>
								{conversation === undefined ? (
									one.isPending && <Skeleton lines={1} />
								) : (
									<>
										<h2>
											<bdi>{conversation.lead.pushName ?? t("noName")}</bdi>
										</h2>
										<span className={cx(ui.muted, ui.small)}>
											{phone(conversation.lead.phoneNumber)}
										</span>
									</>
								)}
							</div>
							<Button
								className={css.detailsButton}
								aria-pressed={showDetails}
								onClick={() =>
									navigate(addressWith(id, { detalhes: showDetails ? null : "1" }))
								}
							>
								<Icon name="info" />
								{t("details")}
							</Button>
						</header>
						{one.isError ? (
							<ErrorState error={one.error} retry={() => void one.refetch()} />
						) : (
							<Thread
								key={`thread ${id}`}
								conversation={id}
								focus={focus}
								onGo={go}
								link={link}
								answers={answers}
								sent={sent}
							/>
						)}
						{conversation !== undefined && (
							<Composer
								key={`answer to ${conversation.id}`}
								conversation={conversation}
								connection={connection}
								quoted={quoted}
								onUnquote={() => setQuoted(null)}
								onSent={() => setSent((n) => n + 1)}
							/>
						)}
					</>
				)}
			</section>
			<aside className={css.detailsColumn} aria-label={t("details")}>
				{id !== null && (
					<Button
						kind="quiet"
						className={css.backDetails}
						onClick={() => navigate(addressWith(id, { detalhes: null }))}
					>
						<Icon name="left" />
						{t("backToThread")}
					</Button>
				)}
				{conversation !== undefined && (
					<Details conversation={conversation} helpdesk={helpdesk} onGo={goFromDetails} />
				)}
				{id !== null && one.isPending && (
					<div className={css.pad}>
						<Skeleton lines={8} />
					</div>
				)}
				{connections.isError && <Notice tone="amber">{t("connection")}</Notice>}
			</aside>
		</div>
	);
}
