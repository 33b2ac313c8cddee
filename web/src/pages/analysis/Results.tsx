/*
 * What the assessments say together. Where a figure could be computed only from a part of the
 * sessions, it says of which.
 */
import { useQueries, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { AnalysisSummary, RankedSession, Temperature } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { number, percent, usd } from "../../lib/format";
import { byAgent, trendStretches, worstTopics } from "../../lib/results";
import { useSession } from "../../shell/session";
import {
	Badge,
	buttonClass,
	cx,
	Empty,
	ErrorState,
	Panel,
	Progress,
	Skeleton,
	Time,
	ui,
	scoreTone,
} from "../../ui";
import css from "./analysis.module.css";
import { texts } from "./messages";
import { useScripts } from "./useScripts";

const LineChart = lazy(() => import("../../ui/LineChart"));

const PERIODS = [7, 30, 90, 365];
const RANKED = 200;
const SHOWN = 20;
const TEMPERATURES: Temperature[] = ["cold", "neutral", "warm", "hot"];

interface Combo {
	scriptKey: string | undefined;
	scriptVersion: number | undefined;
}

function Figure({ name, value, note }: { name: string; value: ReactNode; note?: ReactNode }) {
	return (
		<div className={css.figure}>
			<div className={css.figureName}>{name}</div>
			<div className={css.figureValue}>{value}</div>
			{note !== undefined && <div className={css.figureNote}>{note}</div>}
		</div>
	);
}

function Figures({ summary: s }: { summary: AnalysisSummary }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const { pending, processing, failedRetryable, failedPermanent } = s.queue;
	return (
		<div className={css.figures}>
			<Figure name={t("average")} value={number(language, s.results.avgOverallScore, 1)} />
			<Figure name={t("done")} value={number(language, s.results.done)} />
			<Figure
				name={t("verified")}
				value={percent(language, s.results.evidenceVerifiedShare)}
				note={t("verified.hint")}
			/>
			<Figure name={t("stale")} value={number(language, s.results.stale)} note={t("stale.hint")} />
			<Figure
				name={t("queue")}
				value={number(language, pending + processing + failedRetryable)}
				note={t("queue.detail", {
					pending,
					processing,
					retry: failedRetryable,
					failed: failedPermanent,
				})}
			/>
			<Figure
				name={t("cost")}
				value={s.usage.costUsd === null ? "–" : usd(language, s.usage.costUsd)}
				note={
					s.usage.costUsd === null
						? t("cost.none")
						: t("tokens", { in: s.usage.inputTokens, out: s.usage.outputTokens })
				}
			/>
		</div>
	);
}

function TrendPanel({ days, combo }: { days: number; combo: Combo }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const today = new Date().toDateString();
	const stretches = useMemo(() => trendStretches(days, new Date(today)), [days, today]);
	const parts = useQueries({
		queries: stretches.map((s) => ({
			queryKey: keys.summary(slug, { ...combo, ...s }),
			queryFn: () =>
				api.get("/api/tenant/{slug}/session-analyses/summary", {
					path: { slug },
					query: { ...combo, ...s },
				}),
		})),
	});
	const ready = parts.every((p) => p.data !== undefined);
	const failed = parts.find((p) => p.isError);
	const values = parts.map((p) => p.data?.results.avgOverallScore ?? null);
	const counts = parts.map((p) => p.data?.results.done ?? null);
	const stamp = JSON.stringify(values);
	const shown = useMemo(() => JSON.parse(stamp) as (number | null)[], [stamp]);
	const labels = useMemo(() => {
		const format = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
		return stretches.map((s) => format.format(new Date(`${s.startDate}T12:00:00`)));
	}, [language, stretches]);
	return (
		<Panel title={t("trend")}>
			{failed !== undefined && <ErrorState error={failed.error} retry={() => void failed.refetch()} />}
			{failed === undefined && !ready && <Skeleton lines={5} />}
			{failed === undefined && ready && (
				<>
					<Suspense fallback={<Skeleton lines={5} />}>
						<LineChart labels={labels} values={shown} name={t("average")} top={100} />
					</Suspense>
					<details className={ui.small}>
						<summary>{t("trend.table")}</summary>
						<table className={ui.table}>
							<thead>
								<tr>
									<th scope="col">{t("trend.period")}</th>
									<th scope="col" className={ui.num}>
										{t("average")}
									</th>
									<th scope="col" className={ui.num}>
										{t("sessions")}
									</th>
								</tr>
							</thead>
							<tbody>
								{stretches.map((s, i) => (
									<tr key={s.startDate}>
										<td>{labels[i]}</td>
										<td className={ui.num}>{number(language, shown[i], 1)}</td>
										<td className={ui.num}>{number(language, counts[i])}</td>
									</tr>
								))}
							</tbody>
						</table>
					</details>
				</>
			)}
		</Panel>
	);
}

function TemperaturePanel({ summary }: { summary: AnalysisSummary }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const all = Math.max(
		1,
		TEMPERATURES.reduce((sum, k) => sum + summary.results.temperature[k], 0),
	);
	return (
		<Panel title={t("temperature")}>
			<p className={cx(ui.small, ui.muted)}>{t("temperature.hint")}</p>
			{TEMPERATURES.map((k) => (
				<div key={k} className={css.temp}>
					<span>{t(k)}</span>
					<Progress value={(100 * summary.results.temperature[k]) / all} label={t(k)} />
					<span className={ui.num}>{number(language, summary.results.temperature[k])}</span>
				</div>
			))}
		</Panel>
	);
}

function AgentsPanel({ items, done }: { items: RankedSession[]; done: number }) {
	const t = useT(texts);
	const { language } = useLanguage();
	return (
		<Panel title={t("agents")}>
			<div className={ui.tableWrap}>
				<table className={ui.table}>
					<thead>
						<tr>
							<th scope="col">{t("agent")}</th>
							<th scope="col" className={ui.num}>
								{t("sessions")}
							</th>
							<th scope="col" className={ui.num}>
								{t("average")}
							</th>
						</tr>
					</thead>
					<tbody>
						{byAgent(items).map((g) => (
							<tr key={g.name ?? ""}>
								<td>{g.name === null ? t("agents.none") : <bdi>{g.name}</bdi>}</td>
								<td className={ui.num}>{number(language, g.count)}</td>
								<td className={ui.num}>{number(language, g.average, 1)}</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
			{items.length < done && (
				<p className={cx(ui.small, ui.muted)}>{t("partial.ranking", { n: items.length })}</p>
			)}
		</Panel>
	);
}

function TopicsPanel({ items, combo }: { items: RankedSession[]; combo: Combo }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const details = useQueries({
		queries: items.slice(0, SHOWN).map((i) => ({
			queryKey: keys.details(slug, i.sessionId, combo),
			queryFn: () =>
				api.get("/api/tenant/{slug}/session-analyses/details", {
					path: { slug },
					query: { ...combo, sessionId: i.sessionId },
				}),
		})),
	});
	const reports = details.flatMap((d) => d.data?.analysis?.report ?? []);
	const failed = details.find((d) => d.isError);
	return (
		<Panel title={t("topics")}>
			<p className={cx(ui.small, ui.muted)}>{t("topics.from", { n: reports.length })}</p>
			{reports.length === 0 && failed === undefined && <Skeleton lines={4} />}
			{reports.length === 0 && failed !== undefined && (
				<ErrorState error={failed.error} retry={() => void failed.refetch()} />
			)}
			{reports.length > 0 && (
				<table className={ui.table}>
					<thead>
						<tr>
							<th scope="col">{t("topic")}</th>
							<th scope="col" className={ui.num}>
								{t("topics.failed")}
							</th>
							<th scope="col" className={ui.num}>
								{t("average")}
							</th>
						</tr>
					</thead>
					<tbody>
						{worstTopics(reports)
							.slice(0, 8)
							.map((x) => (
								<tr key={x.key}>
									<td>{x.label}</td>
									<td className={ui.num}>
										{number(language, x.failed)} / {number(language, x.count)}
									</td>
									<td className={ui.num}>{number(language, x.average, 1)}</td>
								</tr>
							))}
					</tbody>
				</table>
			)}
		</Panel>
	);
}

function RankingPanel({ items, suffix }: { items: RankedSession[]; suffix: string }) {
	const t = useT(texts);
	const { slug } = useSession();
	return (
		<Panel title={t("ranking")}>
			<div className={ui.tableWrap}>
				<table className={ui.table}>
					<thead>
						<tr>
							<th scope="col" className={ui.num}>
								{t("score")}
							</th>
							<th scope="col">{t("date")}</th>
							<th scope="col">{t("agent")}</th>
							<th scope="col">{t("temperature")}</th>
							<th scope="col">{t("summary")}</th>
						</tr>
					</thead>
					<tbody>
						{items.slice(0, 50).map((i) => (
							<tr key={i.sessionAnalysisId}>
								<td className={ui.num}>
									<Link
										href={`/${slug}/avaliacoes/sessao/${i.sessionId}${suffix}`}
										aria-label={`${t("open")}: ${Math.round(i.overallScore)}`}
									>
										<Badge tone={scoreTone(i.overallScore)} icon="star">
											{Math.round(i.overallScore)}
										</Badge>
									</Link>
								</td>
								<td>
									<Time at={i.session.startedAt} as="list" />
								</td>
								<td>
									{i.assignedUserName === null ? (
										t("agents.none")
									) : (
										<bdi>{i.assignedUserName}</bdi>
									)}
								</td>
								<td>
									{t(i.temperature)}
									{i.stale && (
										<>
											<br />
											<Badge tone="amber">{t("stale")}</Badge>
										</>
									)}
								</td>
								<td className={css.summaryCell} dir="auto">
									{i.summary}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</Panel>
	);
}

export function Results() {
	const t = useT(texts);
	const { slug, can } = useSession();
	const search = useSearch();
	const [, navigate] = useLocation();
	const words = new URLSearchParams(search);
	const days = PERIODS.includes(Number(words.get("dias"))) ? Number(words.get("dias")) : 30;
	const chosen = words.get("roteiro") ?? "";
	const [scriptKey, version] =
		chosen === ""
			? []
			: [chosen.slice(0, chosen.lastIndexOf("@")), chosen.slice(chosen.lastIndexOf("@") + 1)];
	const combo = useMemo<Combo>(
		() => ({ scriptKey, scriptVersion: version === undefined ? undefined : Number(version) }),
		[scriptKey, version],
	);
	const set = (name: string, value: string) => {
		const next = new URLSearchParams(search);
		if (value === "") next.delete(name);
		else next.set(name, value);
		navigate(`/${slug}/avaliacoes?${next.toString()}`, { replace: true });
	};
	const scripts = useScripts();
	const query = { ...combo, fromDays: days };
	const summary = useQuery({
		queryKey: keys.summary(slug, query),
		queryFn: ({ signal }) =>
			api.get("/api/tenant/{slug}/session-analyses/summary", { path: { slug }, query, signal }),
	});
	const done = summary.data?.results.done ?? 0;
	const ranking = useQuery({
		queryKey: keys.ranking(slug, query),
		enabled: done > 0,
		queryFn: ({ signal }) =>
			api.get("/api/tenant/{slug}/session-analyses/ranking", {
				path: { slug },
				query: { ...query, limit: RANKED },
				signal,
			}),
	});
	const used = summary.data?.combo;
	const suffix = chosen === "" ? "" : `?roteiro=${encodeURIComponent(chosen)}`;
	return (
		<div className={ui.stack}>
			<div className={css.filters}>
				<label className={ui.field}>
					<span className={ui.small}>{t("period")}</span>
					<select className={ui.input} value={days} onChange={(e) => set("dias", e.target.value)}>
						{PERIODS.map((n) => (
							<option key={n} value={n}>
								{t("period.days", { n })}
							</option>
						))}
					</select>
				</label>
				{can("admin") && (
					<label className={ui.field}>
						<span className={ui.small}>{t("script")}</span>
						<select
							className={ui.input}
							value={chosen}
							onChange={(e) => set("roteiro", e.target.value)}
						>
							<option value="">{t("script.default")}</option>
							{scripts.data
								?.flatMap((f) => f.versions)
								.map((s) => (
									<option key={s.id} value={`${s.scriptKey}@${s.version}`}>
										{s.name} · {t("v", { n: s.version })}
									</option>
								))}
						</select>
					</label>
				)}
				{used != null && (
					<span className={cx(ui.small, ui.muted)}>
						{used.scriptKey} · {t("version", { n: used.scriptVersion })}
					</span>
				)}
			</div>
			{summary.isPending && (
				<Panel>
					<Skeleton lines={6} />
				</Panel>
			)}
			{summary.isError && (
				<Panel>
					<ErrorState error={summary.error} retry={() => void summary.refetch()} />
				</Panel>
			)}
			{summary.data !== undefined && used === null && (
				<Panel>
					<Empty
						title={t("empty.title")}
						action={
							can("admin") && (
								<Link
									className={buttonClass("primary")}
									href={`/${slug}/avaliacoes/roteiros/novo`}
								>
									{t("empty.action")}
								</Link>
							)
						}
					>
						{can("admin") ? t("empty.text") : t("empty.ask")}
					</Empty>
				</Panel>
			)}
			{summary.data !== undefined && used !== null && (
				<>
					<Figures summary={summary.data} />
					{done === 0 ? (
						<Panel>
							<Empty
								title={t("none.title")}
								action={
									can("admin") && (
										<Link
											className={buttonClass("primary")}
											href={`/${slug}/avaliacoes/executar`}
										>
											{t("none.action")}
										</Link>
									)
								}
							>
								{t("none.text")}
							</Empty>
						</Panel>
					) : (
						<>
							<div className={css.two}>
								<TrendPanel days={days} combo={combo} />
								<TemperaturePanel summary={summary.data} />
							</div>
							{ranking.isPending && (
								<Panel>
									<Skeleton lines={6} />
								</Panel>
							)}
							{ranking.isError && (
								<Panel>
									<ErrorState error={ranking.error} retry={() => void ranking.refetch()} />
								</Panel>
							)}
							{ranking.data !== undefined && (
								<>
									<div className={css.two}>
										<AgentsPanel items={ranking.data.items} done={done} />
										<TopicsPanel items={ranking.data.items} combo={combo} />
									</div>
									<RankingPanel items={ranking.data.items} suffix={suffix} />
								</>
							)}
						</>
					)}
				</>
			)}
		</div>
	);
}
