/* The assessments: results, scripts, runs, and one report beside its conversation. */
import { useParams } from "wouter";
import { useT } from "../../i18n";
import { useSession } from "../../shell/session";
import { Notice, Page, TabLinks } from "../../ui";
import { texts } from "./messages";
import { ReportPage } from "./ReportPage";
import { Results } from "./Results";
import { RunPage } from "./RunPage";
import { Scripts } from "./Scripts";

export default function Analysis() {
	const t = useT(texts);
	const { slug, can } = useSession();
	const { tab, id } = useParams<{ tab?: string; id?: string }>();
	const base = `/${slug}/avaliacoes`;
	if (tab === "sessao" && id !== undefined) return <ReportPage key={id} sessionId={id} />;
	const tabs = [
		{ href: base, name: t("tab.results"), on: tab === undefined },
		{ href: `${base}/roteiros`, name: t("tab.scripts"), on: tab === "roteiros" },
		{ href: `${base}/executar`, name: t("tab.run"), on: tab === "executar" },
	];
	return (
		<Page title={t("title")}>
			<TabLinks label={t("title")} tabs={tabs} />
			{tab === undefined ? (
				<Results />
			) : !can("admin") ? (
				<Notice tone="amber">{t("forbidden")}</Notice>
			) : tab === "roteiros" ? (
				<Scripts scriptKey={id} />
			) : (
				<RunPage />
			)}
		</Page>
	);
}
