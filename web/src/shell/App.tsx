/*
 * The frame of the page: who is looking, which client, which page. What always holds: every page
 * has an address that can be sent to somebody, and the back button leads back; a page that breaks
 * breaks alone.
 */
import { QueryClient, QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { Component, lazy, Suspense, useEffect, type ReactNode } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { ApiError, setUnauthorizedHandler } from "../api/client";
import { keys } from "../api/keys";
import { common } from "../i18n/common";
import { LanguageProvider, useT } from "../i18n";
import { Button, buttonClass, Empty, ErrorState, Skeleton, ui } from "../ui";
import { LiveProvider } from "./live";
import { Login } from "./Login";
import { everywhere, may, mayBeKnown, SessionProvider, useClients, useMe } from "./session";
import { Frame } from "./Frame";
import { ToastProvider } from "./toasts";

/* By the second word of their addresses. */
const pages = {
	conversas: () => import("../pages/inbox/Inbox"),
	whatsapp: () => import("../pages/whatsapp/WhatsApp"),
	importacoes: () => import("../pages/imports/Imports"),
	avaliacoes: () => import("../pages/analysis/Analysis"),
	webhooks: () => import("../pages/webhooks/Webhooks"),
	indicadores: () => import("../pages/kpis/Kpis"),
	administracao: () => import("../pages/admin/Admin"),
};
const Inbox = lazy(pages.conversas);
const WhatsApp = lazy(pages.whatsapp);
const Imports = lazy(pages.importacoes);
const Analysis = lazy(pages.avaliacoes);
const Webhooks = lazy(pages.webhooks);
const Kpis = lazy(pages.indicadores);
const Admin = lazy(pages.administracao);

/* The page of the address is fetched while the server is still asked who is looking. */
const asked = location.pathname.split("/")[2] ?? "conversas";
/* One that cannot be had says so when it is drawn. */
if (mayBeKnown() && asked in pages) pages[asked as keyof typeof pages]().catch(() => undefined);

const CLIENT = "recado.client";

/* Answers stay true until an event says otherwise; a refusal is not asked for again. */
function newQueries(): QueryClient {
	return new QueryClient({
		defaultOptions: {
			queries: {
				staleTime: 60_000,
				gcTime: 300_000,
				refetchOnWindowFocus: false,
				retry: (count, error) =>
					count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status === 503),
			},
		},
	});
}
const queries = newQueries();

class Guard extends Component<{ children: ReactNode; fallback: ReactNode }, { broken: boolean }> {
	override state = { broken: false };
	static getDerivedStateFromError() {
		return { broken: true };
	}
	override render() {
		return this.state.broken ? this.props.fallback : this.props.children;
	}
}

function Crash() {
	const t = useT(common);
	return (
		<Empty
			title={t("crash.title")}
			action={<Button onClick={() => location.reload()}>{t("crash.reload")}</Button>}
		>
			{t("crash.text")}
		</Empty>
	);
}

function NotFound({ slug }: { slug: string }) {
	const t = useT(common);
	return (
		<Empty
			title={t("notfound.title")}
			action={
				<a className={buttonClass()} href={`/${slug}/conversas`}>
					{t("notfound.home")}
				</a>
			}
		>
			{t("notfound.text")}
		</Empty>
	);
}

function Pages({ slug }: { slug: string }) {
	return (
		<Suspense
			fallback={
				<div className={ui.page}>
					<Skeleton lines={6} />
				</div>
			}
		>
			<Switch>
				<Route path="/:client/conversas/:id?">
					<Inbox />
				</Route>
				<Route path="/:client/whatsapp/:id?">
					<WhatsApp />
				</Route>
				<Route path="/:client/importacoes/:id?">
					<Imports />
				</Route>
				<Route path="/:client/avaliacoes/:tab?/:id?">
					<Analysis />
				</Route>
				<Route path="/:client/webhooks/:id?">
					<Webhooks />
				</Route>
				<Route path="/:client/indicadores">
					<Kpis />
				</Route>
				<Route path="/:client/administracao/:tab?">
					<Admin />
				</Route>
				<Route path="/:client">
					<Redirect to={`/${slug}/conversas`} replace />
				</Route>
				<Route>
					<NotFound slug={slug} />
				</Route>
			</Switch>
		</Suspense>
	);
}

function Signed() {
	const me = useMe();
	const known = me.data ?? null;
	const clients = useClients(known !== null);
	const [path] = useLocation();
	const cache = useQueryClient();
	const t = useT(common);
	const wanted = decodeURIComponent(path.split("/")[1] ?? "");

	useEffect(() => {
		setUnauthorizedHandler(() => cache.setQueryData(keys.me, null));
	}, [cache]);
	useEffect(() => {
		if (known?.clients.includes(wanted) === true) localStorage.setItem(CLIENT, wanted);
	}, [known, wanted]);

	if (me.data === null) return <Login />;
	if (me.error !== null) return <ErrorState error={me.error} retry={() => void me.refetch()} />;
	if (me.data === undefined)
		return (
			<div className={ui.page}>
				<Skeleton lines={6} />
			</div>
		);
	const who = me.data;
	const slugs = clients.data?.map((c) => c.slug) ?? who.clients;
	const stored = localStorage.getItem(CLIENT);
	const home = stored !== null && slugs.includes(stored) ? stored : slugs[0];
	const slug = slugs.includes(wanted) ? wanted : home;
	const client = clients.data?.find((c) => c.slug === slug);
	const session = { me: who, slug: slug ?? "-", client, can: (least: typeof who.role) => may(who, least) };

	const adds = may(who, "admin") && everywhere(who);

	if ((path === "/" || path === "/login") && slug !== undefined)
		return <Redirect to={`/${slug}/conversas`} replace />;
	/* The first client was just added. */
	if (wanted === "-" && slug !== undefined) return <Redirect to={`/${slug}${path.slice(2)}`} replace />;
	if (slug === undefined)
		return (
			<SessionProvider value={session}>
				<Frame clients={[]}>
					{path.startsWith("/-/administracao") ? (
						<Suspense fallback={<Skeleton />}>
							<Route path="/:client/administracao/:tab?">
								<Admin />
							</Route>
						</Suspense>
					) : (
						<Empty
							title={t("noclient.title")}
							action={
								adds && (
									<a className={buttonClass("primary")} href="/-/administracao/clientes">
										{t("noclient.action")}
									</a>
								)
							}
						>
							{t(adds ? "noclient.text" : "noclient.ask")}
						</Empty>
					)}
				</Frame>
			</SessionProvider>
		);
	return (
		<SessionProvider value={session}>
			<LiveProvider slug={slug} key={slug}>
				<Frame clients={clients.data ?? []}>
					<Guard key={path.split("/")[2] ?? ""} fallback={<Crash />}>
						{slug === wanted ? <Pages slug={slug} /> : <NotFound slug={slug} />}
					</Guard>
				</Frame>
			</LiveProvider>
		</SessionProvider>
	);
}

export function App() {
	return (
		<LanguageProvider>
			<QueryClientProvider client={queries}>
				<ToastProvider>
					<Signed />
				</ToastProvider>
			</QueryClientProvider>
		</LanguageProvider>
	);
}
