/*
 * What is wrong with the server and how to mend it, each with the way there. A finding that is not
 * known here is shown in the server's own words.
 */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Finding } from "../../api/types";
import { useT } from "../../i18n";
import { useSession } from "../../shell/session";
import { Badge, Button, buttonClass, Empty, ErrorState, Icon, Panel, Skeleton, ui } from "../../ui";
import css from "./admin.module.css";
import { keyOf, texts } from "./messages";

const WHERE: Record<string, string> = {
	parked: "webhooks?todos=1&situacao=parked",
	failed: "webhooks?todos=1&situacao=failed",
	connections: "whatsapp",
	alerts_not_told: "administracao/configuracoes",
	door_closed: "administracao/configuracoes",
};

function FindingRow({ finding: f }: { finding: Finding }) {
	const t = useT(texts);
	const { slug } = useSession();
	const text = keyOf(`finding.${f.code}`);
	const remedy = keyOf(`finding.${f.code}.remedy`);
	const severity = keyOf(`severity.${f.severity}`);
	const where = WHERE[f.code];
	const n = Number(/^\d+/.exec(f.text)?.[0] ?? 0);
	return (
		<li className={css.finding}>
			<div>
				<Badge tone={f.severity === "error" ? "red" : "amber"} icon="warning">
					{severity === null ? f.severity : t(severity)}
				</Badge>
			</div>
			<div className={css.findingText}>
				<p>
					<strong>
						{text === null ? <span lang="en">{f.text}</span> : t(text, { n, text: f.text })}
					</strong>
				</p>
				<p className={ui.muted}>
					{t("health.remedy")}: {remedy === null ? <span lang="en">{f.remedy}</span> : t(remedy)}
				</p>
			</div>
			{where !== undefined && slug !== "-" && (
				<Link className={buttonClass()} href={`/${slug}/${where}`}>
					{t("health.open")}
				</Link>
			)}
		</li>
	);
}

export function Health() {
	const t = useT(texts);
	const health = useQuery({
		queryKey: keys.health,
		queryFn: async ({ signal }) => (await api.get("/api/health/details", { signal })).findings,
		staleTime: 0,
	});
	return (
		<Panel
			title={t("tab.saude")}
			action={
				<Button onClick={() => void health.refetch()} disabled={health.isFetching}>
					<Icon name="moving" size={12} />
					{t("health.refresh")}
				</Button>
			}
		>
			{health.isPending && <Skeleton lines={4} />}
			{health.isError && <ErrorState error={health.error} retry={() => void health.refetch()} />}
			{health.data?.length === 0 && <Empty title={t("health.good")}>{t("health.good.text")}</Empty>}
			{health.data !== undefined && health.data.length > 0 && (
				<>
					<p role="status" className={ui.muted}>
						{t("health.found", { n: health.data.length })}
					</p>
					<ul>
						{health.data.map((f, i) => (
							<FindingRow key={`${f.code}${i}`} finding={f} />
						))}
					</ul>
				</>
			)}
		</Panel>
	);
}
