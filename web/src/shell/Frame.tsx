/* What is round every page: the client, the pages, the tools, the bar when nothing is live. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { api } from "../api/client";
import type { Client } from "../api/types";
import { common } from "../i18n/common";
import { useLanguage, useT } from "../i18n";
import { Button, Icon } from "../ui";
import { ChoiceMenu } from "../ui/ChoiceMenu";
import type { IconName } from "../ui/icons";
import { Alerts } from "./Alerts";
import { OfflineBar } from "./live";
import { useSession } from "./session";
import { Shortcuts } from "./shortcuts";
import css from "./shell.module.css";
import { setTheme, useTheme } from "./theme";

const PAGES: { path: string; name: keyof typeof common; icon: IconName }[] = [
	{ path: "conversas", name: "nav.inbox", icon: "chat" },
	{ path: "whatsapp", name: "nav.whatsapp", icon: "phone" },
	{ path: "importacoes", name: "nav.imports", icon: "download" },
	{ path: "avaliacoes", name: "nav.analysis", icon: "star" },
	{ path: "indicadores", name: "nav.kpis", icon: "chart" },
	{ path: "webhooks", name: "nav.webhooks", icon: "hook" },
	{ path: "administracao", name: "nav.admin", icon: "gear" },
];

export function Tools({ onHelp }: { onHelp?: () => void }) {
	const t = useT(common);
	const theme = useTheme();
	const { language, setLanguage } = useLanguage();
	const other = theme === "dark" ? "light" : "dark";
	return (
		<>
			{onHelp !== undefined && (
				<Button
					kind="quiet"
					iconOnly
					onClick={onHelp}
					aria-label={t("help")}
					title={`${t("help")} (?)`}
				>
					<Icon name="help" />
				</Button>
			)}
			<Button
				kind="quiet"
				iconOnly
				onClick={() => setTheme(other)}
				aria-label={t(`theme.${other}`)}
				title={t(`theme.${other}`)}
			>
				<Icon name={theme === "dark" ? "sun" : "moon"} />
			</Button>
			<ChoiceMenu
				quiet
				align="end"
				label={`${language === "en" ? "EN" : "PT"} · ${t("language")}`}
				trigger={
					<>
						{language === "en" ? "EN" : "PT"}
						<Icon name="down" size={12} />
					</>
				}
				choices={[
					{ value: "pt-BR", name: "Português (Brasil)", lang: "pt-BR" },
					{ value: "en", name: "English", lang: "en" },
				]}
				value={language}
				onChoose={(v) => setLanguage(v === "en" ? "en" : "pt-BR")}
			/>
		</>
	);
}

function ClientMenu({ clients }: { clients: Client[] }) {
	const t = useT(common);
	const { slug, client } = useSession();
	const [path, navigate] = useLocation();
	const page = path.split("/")[2] ?? "conversas";
	const name = client?.name ?? (slug === "-" ? t("client.none") : slug);
	return (
		<ChoiceMenu
			align="start"
			className={css.client}
			label={t("client.switch", { name })}
			trigger={
				<>
					<span>{name}</span>
					<Icon name="down" size={12} />
				</>
			}
			choices={clients.map((c) => ({ value: c.slug, name: c.name, note: c.slug }))}
			value={slug}
			onChoose={(to) => navigate(`/${to}/${page}`)}
		/>
	);
}

function Account() {
	const t = useT(common);
	const { me } = useSession();
	const cache = useQueryClient();
	const leave = async () => {
		await api.post("/api/logout").catch(() => undefined);
		cache.clear();
		location.assign("/");
	};
	return (
		<ChoiceMenu
			quiet
			iconOnly
			align="end"
			label={t("account")}
			title={t("account")}
			heading={t(`role.${me.role}`)}
			trigger={<Icon name="user" />}
			choices={[{ value: "logout", name: t("logout") }]}
			value={null}
			onChoose={() => void leave()}
		/>
	);
}

export function Frame({ clients, children }: { clients: Client[]; children: ReactNode }) {
	const t = useT(common);
	const { slug } = useSession();
	const [path] = useLocation();
	const [help, setHelp] = useState(false);
	const page = path.split("/")[2];
	const nav = useRef<HTMLElement>(null);

	useEffect(() => {
		/* On a phone the pages do not fit side by side: the one that is shown comes into view. */
		nav.current
			?.querySelector('[aria-current="page"]')
			?.scrollIntoView({ block: "nearest", inline: "nearest" });
	}, [page]);
	return (
		<div className={css.shell}>
			<a className={css.skip} href="#conteudo">
				{t("skip")}
			</a>
			<header className={css.top}>
				<ClientMenu clients={clients} />
				<nav ref={nav} className={css.nav} aria-label={t("nav.label")}>
					{PAGES.map((p) => (
						<Link
							key={p.path}
							href={`/${slug}/${p.path}`}
							className={css.link ?? ""}
							{...(page === p.path ? { "aria-current": "page" as const } : {})}
						>
							<Icon name={p.icon} />
							{t(p.name)}
						</Link>
					))}
				</nav>
				<div className={css.tools}>
					<Tools onHelp={() => setHelp(true)} />
					<Account />
				</div>
			</header>
			<OfflineBar />
			<Alerts />
			<main className={css.main} id="conteudo" tabIndex={-1}>
				{children}
			</main>
			<Shortcuts slug={slug} help={help} setHelp={setHelp} />
		</div>
	);
}
