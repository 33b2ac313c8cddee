/* Clients, tokens, settings, the audit log, health. Secrets are never shown, but a new token once. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import { useT } from "../../i18n";
import { useSession } from "../../shell/session";
import { Badge, Button, cx, ErrorState, Notice, Page, Panel, Skeleton, TabLinks, Time, ui, type Tone } from "../../ui";
import { Clients } from "./Clients";
import { texts } from "./messages";
import { Tokens } from "./Tokens";

function SettingsTab() {
	const t = useT(texts);
	const settings = useQuery({ queryKey: keys.settings, queryFn: ({ signal }) => api.get("/api/settings", { signal }) });
	return (
		<Panel title={t("tab.settings")}>
			<p className={cx(ui.small, ui.muted)}>{t("settings.intro")}</p>
			{settings.isPending && <Skeleton lines={10} />}
			{settings.isError && <ErrorState error={settings.error} retry={() => void settings.refetch()} />}
			{settings.data !== undefined && (
				<div className={ui.tableWrap}>
					<table className={ui.table}>
						<thead><tr><th scope="col">{t("settings.name")}</th><th scope="col">{t("settings.value")}</th></tr></thead>
						<tbody>
							{Object.entries(settings.data.settings).map(([name, value]) => (
								<tr key={name}>
									<td><code>{name}</code></td>
									<td>
										{value === "set" ? <Badge tone="green">{t("settings.set")}</Badge>
											: value === "unset" ? <Badge tone="grey">{t("settings.unset")}</Badge>
												: value === "" ? <span className={ui.muted}>{t("settings.empty")}</span> : value}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</Panel>
	);
}

function AuditTab() {
	const t = useT(texts);
	const { slug } = useSession();
	const list = useInfiniteQuery({
		queryKey: keys.audit(slug),
		queryFn: ({ pageParam, signal }) => api.get("/api/clients/{slug}/audit-log",
			{ path: { slug }, query: { limit: 50, cursor: pageParam ?? undefined }, signal }),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.nextCursor,
		staleTime: 0,
	});
	const rows = list.data?.pages.flatMap((p) => p.data) ?? [];
	return (
		<Panel title={t("tab.audit")}>
			{list.isPending && <Skeleton lines={8} />}
			{list.isError && <ErrorState error={list.error} retry={() => void list.refetch()} />}
			{list.isSuccess && rows.length === 0 && <p className={ui.muted}>{t("audit.empty")}</p>}
			{rows.length > 0 && (
				<div className={ui.tableWrap}>
					<table className={ui.table}>
						<thead><tr>
							<th scope="col">{t("audit.at")}</th><th scope="col">{t("audit.actor")}</th><th scope="col">{t("audit.action")}</th>
							<th scope="col">{t("audit.subject")}</th><th scope="col">{t("audit.detail")}</th>
						</tr></thead>
						<tbody>
							{rows.map((e) => (
								<tr key={e.id}>
									<td><Time at={e.at} as="exact" /></td><td>{e.actor}</td><td><code>{e.action}</code></td>
									<td>{e.subjectKind ?? "–"}<br /><span className={cx(ui.small, ui.muted)}>{e.subjectId}</span></td>
									<td><code>{e.detail == null ? "–" : JSON.stringify(e.detail)}</code></td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
			{list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>{t("more")}</Button>}
		</Panel>
	);
}

const SEVERITY: Record<string, Tone> = { error: "red", critical: "red", warning: "amber", info: "blue" };

function HealthTab() {
	const t = useT(texts);
	const health = useQuery({
		queryKey: keys.health, staleTime: 0, queryFn: ({ signal }) => api.get("/api/health/details", { signal }),
	});
	return (
		<Panel title={t("tab.health")} action={<Button onClick={() => void health.refetch()} disabled={health.isFetching}>{t("again")}</Button>}>
			<div className={ui.stack}>
				<p className={cx(ui.small, ui.muted)}>{t("health.intro")}</p>
				{health.isPending && <Skeleton lines={3} />}
				{health.isError && <ErrorState error={health.error} retry={() => void health.refetch()} />}
				{health.data?.findings.length === 0 && <Notice tone="green">{t("health.ok")}</Notice>}
				{health.data?.findings.map((f) => (
					<Notice key={f.code + f.text} tone={SEVERITY[f.severity] ?? "amber"} icon="warning">
						<p><strong>{f.text}</strong> <code>{f.code}</code></p>
						<p>{t("health.remedy", { text: f.remedy })}</p>
					</Notice>
				))}
			</div>
		</Panel>
	);
}

export default function Admin() {
	const t = useT(texts);
	const { slug, can } = useSession();
	const tab = useParams<{ tab?: string }>().tab ?? "clientes";
	const base = `/${slug}/administracao`;
	if (!can("admin")) return <Page title={t("title")}><Notice tone="amber">{t("forbidden")}</Notice></Page>;
	const tabs = [
		{ path: "clientes", name: t("tab.clients"), operator: false },
		{ path: "tokens", name: t("tab.tokens"), operator: false },
		{ path: "auditoria", name: t("tab.audit"), operator: false },
		{ path: "configuracao", name: t("tab.settings"), operator: true },
		{ path: "saude", name: t("tab.health"), operator: true },
	].filter((x) => can(x.operator ? "operator" : "admin"));
	return (
		<Page title={t("title")}>
			<TabLinks label={t("title")} tabs={tabs.map((x) => ({ href: `${base}/${x.path}`, name: x.name, on: x.path === tab }))} />
			{tab === "clientes" && <Clients />}
			{tab === "tokens" && <Tokens />}
			{tab === "auditoria" && <AuditTab />}
			{tab === "configuracao" && (can("operator") ? <SettingsTab /> : <Notice tone="amber">{t("operator")}</Notice>)}
			{tab === "saude" && (can("operator") ? <HealthTab /> : <Notice tone="amber">{t("operator")}</Notice>)}
		</Page>
	);
}
