/*
 * What wants somebody: what failed for good, and what is parked, whose number nobody has registered,
 * or only a client's administrator. What always holds: only the operator sees what is parked, since
 * it belongs to no client yet.
 */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { WebhookEvent } from "../../api/types";
import { useT } from "../../i18n";
import { useConnections, useSession } from "../../shell/session";
import { Button, buttonClass, Notice, ui } from "../../ui";
import { Release } from "../Release";
import { texts } from "./messages";
import { countReplay, type Filters } from "./useJournal";

const PARKED: Filters = { status: "parked", field: "", from: "", to: "", all: true };

/** How much waits, and the way to it; nothing where nothing does, or where it is shown already. */
export function ParkedNotice({ filters, show }: { filters: Filters; show: () => void }) {
	const t = useT(texts);
	const { slug, can } = useSession();
	const count = useQuery({
		queryKey: keys.parked(slug),
		enabled: can("operator"),
		queryFn: ({ signal }) => countReplay(slug, PARKED, signal),
	});
	const shown = filters.all && filters.status === "parked";
	if (count.data === undefined || count.data === 0 || shown) return null;
	return (
		<Notice tone="amber" action={<Button onClick={show}>{t("parked.show")}</Button>}>
			{t("parked.count", { n: count.data })}
		</Notice>
	);
}

/** That some of this client's failed for good, and the way to them; nothing where that is shown already. */
export function FailedNotice({ filters, show }: { filters: Filters; show: () => void }) {
	const t = useT(texts);
	const { slug } = useSession();
	const failed = useQuery({
		queryKey: keys.failedEvents(slug),
		queryFn: ({ signal }) =>
			api.get("/api/clients/{slug}/webhook-events", {
				path: { slug },
				query: { status: "failed", limit: 1 },
				signal,
			}),
	});
	if (filters.status === "failed" || (failed.data?.data.length ?? 0) === 0) return null;
	return (
		<Notice tone="red" action={<Button onClick={show}>{t("failed.show")}</Button>}>
			{t("failed.some")}
		</Notice>
	);
}

/** Why this one is parked, and what to do about it. */
export function ParkedHelp({ entry, onReleased }: { entry: WebhookEvent; onReleased: () => void }) {
	const t = useT(texts);
	const { slug, can } = useSession();
	const connections = useConnections();
	const number = entry.phoneNumberId;
	const mine = connections.data?.find((c) => c.phoneNumberId !== null && c.phoneNumberId === number);
	if (!can("operator") || connections.data === undefined) return null;
	if (mine !== undefined)
		return (
			<div className={ui.stack}>
				<p>{t("parked.registered")}</p>
				<Release connection={mine.id} onDone={onReleased} />
			</div>
		);
	return (
		<div className={ui.stack}>
			<p>{t("parked.unknown")}</p>
			<div>
				<Link
					className={buttonClass()}
					href={`/${slug}/whatsapp/nova${number === null ? "" : `?numero=${encodeURIComponent(number)}`}`}
				>
					{t("parked.register")}
				</Link>
			</div>
		</div>
	);
}
