/* The panels of the results: figures, their trend, and who and what lies behind them. */
import { useQueries } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import { Link } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { AnalysisSummary, RankedSession, Temperature } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { number, percent, usd } from "../../lib/format";
import { byAgent, trendStretches, worstTopics, type Combo } from "../../lib/results";
import { useSession } from "../../shell/session";
import { Badge, cx, ErrorState, Panel, Progress, Skeleton, Time, ui, scoreTone } from "../../ui";
import { DataTable } from "../../ui/DataTable";
import css from "./analysis.module.css";
import { texts } from "./messages";

const LineChart = lazy(() => import("../../ui/LineChart"));

const SHOWN = 20;
const TEMPERATURES: Temperature[] = ["cold", "neutral", "warm", "hot"];

function Figure({ name, value, note }: { name: string; value: ReactNode; note?: ReactNode }) {
	return (
		<div className={css.figure}>
			<div className={css.figureName}>{name}</div>
			<div className={css.figureValue}>{value}</div>
			{note !== undefined && <div className={css.figureNote}>{note}</div>}
		</div>
	);
}

export function Figures({ summary: s }: { summary: AnalysisSummary }) {
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

export function TrendPanel({ days, combo }: { days: number; combo: Combo }) {
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
	const known = shown.filter((v) => v !== null);
	const alt =
		known.length === 0
			? t("trend.alt.none")
			: t("trend.alt", {
					least: number(language, Math.min(...known), 1),
					most: number(language, Math.max(...known), 1),
				});
	return (
		<Panel title={t("trend")}>
			{failed !== undefined && <ErrorState error={failed.error} retry={() => void failed.refetch()} />}
			{failed === undefined && !ready && <Skeleton lines={5} />}
			{failed === undefined && ready && (
				<>
					<Suspense fallback={<Skeleton lines={5} />}>
						<LineChart labels={labels} values={shown} name={t("average")} alt={alt} top={100} />
					</Suspense>
					<details className={ui.small}>
						<summary>{t("trend.table")}</summary>
						<DataTable
							rows={stretches.map((s, i) => ({ ...s, i }))}
							keyOf={(s) => s.startDate}
							columns={[
								{ head: t("trend.period"), cell: (s) => labels[s.i] },
								{
									head: t("average"),
									num: true,
									cell: (s) => number(language, shown[s.i], 1),
								},
								{
									head: t("sessions"),
									num: true,
									cell: (s) => number(language, counts[s.i]),
								},
							]}
						/>
					</details>
				</>
			)}
		</Panel>
	);
}

export function TemperaturePanel({ summary }: { summary: AnalysisSummary }) {
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

export function AgentsPanel({ items, done }: { items: RankedSession[]; done: number }) {
	const t = useT(texts);
	const { language } = useLanguage();
	return (
		<Panel title={t("agents")}>
			<DataTable
				rows={byAgent(items)}
				keyOf={(g) => g.name ?? ""}
				columns={[
					{
						head: t("agent"),
						cell: (g) => (g.name === null ? t("agents.none") : <bdi>{g.name}</bdi>),
					},
					{ head: t("sessions"), num: true, cell: (g) => number(language, g.count) },
					{ head: t("average"), num: true, cell: (g) => number(language, g.average, 1) },
				]}
			/>
			{items.length < done && (
				<p className={cx(ui.small, ui.muted)}>{t("partial.ranking", { n: items.length })}</p>
			)}
		</Panel>
	);
}

export function TopicsPanel({ items, combo }: { items: RankedSession[]; combo: Combo }) {
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
				<DataTable
					rows={worstTopics(reports).slice(0, 8)}
					keyOf={(x) => x.key}
					columns={[
						{ head: t("topic"), cell: (x) => x.label },
						{
							head: t("topics.failed"),
							num: true,
							cell: (x) => `${number(language, x.failed)} / ${number(language, x.count)}`,
						},
						{ head: t("average"), num: true, cell: (x) => number(language, x.average, 1) },
					]}
				/>
			)}
		</Panel>
	);
}

export function RankingPanel({ items, suffix }: { items: RankedSession[]; suffix: string }) {
	const t = useT(texts);
	const { slug } = useSession();
	return (
		<Panel title={t("ranking")}>
			<DataTable
				name={t("ranking")}
				rows={items.slice(0, 50)}
				keyOf={(i) => i.sessionAnalysisId}
				columns={[
					{
						head: t("score"),
						num: true,
						cell: (i) => (
							<Link
								href={`/${slug}/avaliacoes/sessao/${i.sessionId}${suffix}`}
								aria-label={`${t("open")}: ${Math.round(i.overallScore)}`}
							>
								<Badge tone={scoreTone(i.overallScore)} icon="star">
									{Math.round(i.overallScore)}
								</Badge>
							</Link>
						),
					},
					{ head: t("date"), cell: (i) => <Time at={i.session.startedAt} as="list" /> },
					{
						head: t("summary"),
						className: css.summaryCell,
						cell: (i) => (
							<Link href={`/${slug}/avaliacoes/sessao/${i.sessionId}${suffix}`} dir="auto">
								{i.summary}
							</Link>
						),
					},
					{
						head: t("agent"),
						className: ui.named,
						cell: (i) =>
							i.assignedUserName === null ? t("agents.none") : <bdi>{i.assignedUserName}</bdi>,
					},
					{
						head: t("temperature"),
						cell: (i) => (
							<>
								{t(i.temperature)}
								{i.stale && (
									<>
										<br />
										<Badge tone="amber">{t("stale")}</Badge>
									</>
								)}
							</>
						),
					},
				]}
			/>
		</Panel>
	);
}
