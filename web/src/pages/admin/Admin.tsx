/*
 * The administration. What always holds: a section that the role may not see is not offered, and
 * one that is reached by its address says why it is empty.
 */
import { useParams } from "wouter";
import type { Role } from "../../api/types";
import { useT } from "../../i18n";
import { useSession } from "../../shell/session";
import { Notice, Page, TabLinks } from "../../ui";
import { Audit } from "./Audit";
import { Clients } from "./Clients";
import { Health } from "./Health";
import { texts } from "./messages";
import { Settings } from "./Settings";
import { Tokens } from "./Tokens";

interface Tab {
	path: "clientes" | "tokens" | "auditoria" | "configuracoes" | "saude";
	least: Role;
	/** It is of one client, so that there must be one. */
	client: boolean;
	show: () => React.ReactNode;
}

const TABS: readonly Tab[] = [
	{ path: "clientes", least: "viewer", client: false, show: () => <Clients /> },
	{ path: "tokens", least: "admin", client: false, show: () => <Tokens /> },
	{ path: "auditoria", least: "admin", client: true, show: () => <Audit /> },
	{ path: "configuracoes", least: "operator", client: false, show: () => <Settings /> },
	{ path: "saude", least: "operator", client: false, show: () => <Health /> },
];

export default function Admin() {
	const t = useT(texts);
	const { slug, can } = useSession();
	const wanted = useParams<{ tab?: string }>().tab ?? "clientes";
	const offered = TABS.filter((x) => can(x.least) && (!x.client || slug !== "-"));
	const tab = offered.find((x) => x.path === wanted);
	const tabs = offered.map((x) => ({
		href: `/${slug}/administracao/${x.path}`,
		name: t(`tab.${x.path}`),
		on: x === tab,
	}));
	return (
		<Page title={t("title")}>
			<TabLinks label={t("tabs")} tabs={tabs} />
			{tab === undefined ? <Notice tone="amber">{t("forbidden")}</Notice> : tab.show()}
		</Page>
	);
}
