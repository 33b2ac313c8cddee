/*
 * What somebody has to look at, on every page of the client: one line, however many there are. What
 * always holds: who hides it keeps a way back to it, and it comes back by itself with a new one.
 */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api } from "../api/client";
import { keys } from "../api/keys";
import type { Alert } from "../api/types";
import { useT } from "../i18n";
import { phone } from "../lib/format";
import { Button, cx, Icon } from "../ui";
import { alertMessages } from "./alertMessages";
import { useConnections, useSession } from "./session";
import css from "./shell.module.css";

const WHERE: Record<Alert["kind"], "whatsapp" | "importacoes" | "webhooks"> = {
	history_late: "whatsapp",
	token_refused: "whatsapp",
	disconnected: "whatsapp",
	journal_stuck: "webhooks",
	import_failing: "importacoes",
};

const idOf = (a: Alert) => `${a.kind} ${a.connectionId ?? ""} ${a.since}`;

function useAlerts(): Alert[] {
	const { slug, client } = useSession();
	const query = useQuery({
		queryKey: keys.alerts(slug),
		enabled: client !== undefined,
		queryFn: async ({ signal }) =>
			(await api.get("/api/alerts", { query: { clientSlug: slug }, signal })).alerts,
	});
	return query.data ?? [];
}

function useTitle(alerts: readonly Alert[]): (a: Alert) => string {
	const t = useT(alertMessages);
	const connections = useConnections(alerts.some((a) => a.connectionId !== null)).data ?? [];
	return (a) => {
		const connection = connections.find((c) => c.id === a.connectionId);
		const number =
			connection?.displayPhoneNumber == null ? t("number.some") : phone(connection.displayPhoneNumber);
		const restricted = a.kind === "disconnected" && a.detail["status"] === "restricted";
		return t(restricted ? "title.restricted" : `title.${a.kind}`, { number });
	};
}

function One({ alert: a, title }: { alert: Alert; title: string }) {
	const t = useT(alertMessages);
	const { slug } = useSession();
	const page = WHERE[a.kind];
	return (
		<>
			<strong>{title}.</strong> {t(`remedy.${a.kind}`)}{" "}
			<Link href={`/${slug}/${page}${a.connectionId === null ? "" : `/${a.connectionId}`}`}>
				{t(`open.${page}`)}
			</Link>
		</>
	);
}

function Banner({ alerts, onHide }: { alerts: readonly Alert[]; onHide: () => void }) {
	const t = useT(alertMessages);
	const titleOf = useTitle(alerts);
	const [open, setOpen] = useState(false);
	const [first, ...others] = alerts;
	if (first === undefined) return null;
	return (
		<div className={css.alert}>
			<Icon name="warning" />
			<div>
				{others.length === 0 ? (
					<One alert={first} title={titleOf(first)} />
				) : open ? (
					<ul className={css.alertList}>
						{alerts.map((a) => (
							<li key={idOf(a)}>
								<One alert={a} title={titleOf(a)} />
							</li>
						))}
					</ul>
				) : (
					<p className={css.alertLine}>
						<strong>{t("count", { n: alerts.length })}:</strong> {alerts.map(titleOf).join(" · ")}
					</p>
				)}
			</div>
			{others.length > 0 && (
				<Button kind="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
					{t(open ? "less" : "all")}
				</Button>
			)}
			<Button kind="quiet" iconOnly onClick={onHide} aria-label={t("hide")} title={t("hide")}>
				<Icon name="cross" />
			</Button>
		</div>
	);
}

export function Alerts() {
	const t = useT(alertMessages);
	const alerts = useAlerts();
	const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
	const isHidden = alerts.length > 0 && alerts.every((a) => hidden.has(idOf(a)));
	return (
		/* There before its content, so that what comes is spoken. */
		<div role="status" aria-label={t("label")}>
			{isHidden ? (
				<div className={cx(css.alert, css.alertHidden)}>
					<Button kind="quiet" onClick={() => setHidden(new Set())}>
						<Icon name="warning" size={12} />
						{t("count", { n: alerts.length })}
					</Button>
				</div>
			) : (
				<Banner alerts={alerts} onHide={() => setHidden(new Set(alerts.map(idOf)))} />
			)}
		</div>
	);
}
