/*
 * How fast people were answered, how long it took, and which took longest. What always holds: what
 * was not measured is a dash, never zero; the CSV holds exactly what is shown, of the same filters.
 */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { addressOf, api } from "../../api/client";
import { keys } from "../../api/keys";
import { useLanguage, useT } from "../../i18n";
import { dayKey, duration, number } from "../../lib/format";
import { periodFault, periodsBetween, periodText, shortPeriodText } from "../../lib/period";
import { useSession } from "../../shell/session";
import { Button, buttonClass, cx, Empty, ErrorState, Page, Panel, Skeleton, Time, ui } from "../../ui";
import { DataTable } from "../../ui/DataTable";
import css from "./kpis.module.css";
import { texts } from "./messages";

const LineChart = lazy(() => import("../../ui/LineChart"));

/* How the server calls those who have none. */
const NO_TAG = "Sem tag";
const SPANS = [7, 30, 90, 365] as const;
const GRAINS = ["day", "month", "total"] as const;

function seconds(s: number | null): string {
	return s === null ? "–" : duration(s);
}

function CsvLink({ route, query }: { route: string; query: Record<string, unknown> }) {
	const t = useT(texts);
	const { slug } = useSession();
	const name = route.slice(route.lastIndexOf("/") + 1);
	return (
		<a
			className={buttonClass()}
			href={addressOf(route, { slug }, { ...query, format: "csv" })}
			download={`${slug}-${name}.csv`}
		>
			{t("csv")}
		</a>
	);
}

/* The panel of one answer: waiting, failed, empty, or its table. */
function Answer({
	query,
	empty,
	children,
}: {
	query: { isPending: boolean; isError: boolean; error: unknown; refetch: () => unknown };
	empty: boolean;
	children: ReactNode;
}) {
	const t = useT(texts);
	if (query.isPending) return <Skeleton lines={6} />;
	if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
	return empty ? <p className={ui.muted}>{t("empty")}</p> : children;
}

function FirstResponse({
	query,
}: {
	query: Record<string, string | undefined> & { granularity: (typeof GRAINS)[number] };
}) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const route = "/api/clients/{slug}/kpis/first-response";
	const answer = useQuery({
		queryKey: keys.kpi(slug, "first-response", query),
		queryFn: ({ signal }) => api.get(route, { path: { slug }, query, signal }),
		placeholderData: keepPreviousData,
	});
	const rows = useMemo(() => answer.data?.data ?? [], [answer.data]);
	/* Days without a session have no row, but their place in the line. */
	const periods = useMemo(() => periodsBetween(rows[0]?.period ?? "", rows.at(-1)?.period ?? ""), [rows]);
	const labels = useMemo(() => periods.map((p) => shortPeriodText(language, p)), [periods, language]);
	const values = useMemo(() => {
		const medians = new Map(rows.map((r) => [r.period, r.medianSeconds]));
		return periods.map((p) => {
			const median = medians.get(p) ?? null;
			return median === null ? null : median / 60;
		});
	}, [rows, periods]);
	const known = rows.flatMap((r) => r.medianSeconds ?? []);
	const alt =
		known.length === 0
			? t("chart.alt.none")
			: t("chart.alt", { least: seconds(Math.min(...known)), most: seconds(Math.max(...known)) });
	const any = rows.some((r) => r.answered + r.unanswered > 0);
	return (
		<Panel title={t("first")} action={<CsvLink route={route} query={query} />}>
			<div className={ui.stack}>
				<p className={cx(ui.small, ui.muted)}>{t("first.hint")}</p>
				<Answer query={answer} empty={!any}>
					{rows.length > 1 && (
						<figure>
							<figcaption className={ui.small}>{t("chart")}</figcaption>
							<Suspense fallback={<Skeleton lines={5} />}>
								<LineChart labels={labels} values={values} name={t("median")} alt={alt} />
							</Suspense>
						</figure>
					)}
					<DataTable
						name={t("first")}
						rows={rows}
						keyOf={(r) => r.period}
						columns={[
							{
								head: t("period"),
								className: css.period,
								cell: (r) =>
									r.period === "total" ? t("total") : periodText(language, r.period),
							},
							{ head: t("median"), num: true, cell: (r) => seconds(r.medianSeconds) },
							{ head: t("average"), num: true, cell: (r) => seconds(r.averageSeconds) },
							{ head: t("p90"), num: true, cell: (r) => seconds(r.p90Seconds) },
							{ head: t("answered"), num: true, cell: (r) => number(language, r.answered) },
							{ head: t("unanswered"), num: true, cell: (r) => number(language, r.unanswered) },
						]}
					/>
				</Answer>
			</div>
		</Panel>
	);
}

function Durations({ query }: { query: Record<string, string | undefined> }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const route = "/api/clients/{slug}/kpis/session-duration";
	const answer = useQuery({
		queryKey: keys.kpi(slug, "session-duration", query),
		queryFn: ({ signal }) => api.get(route, { path: { slug }, query, signal }),
		placeholderData: keepPreviousData,
	});
	const rows = answer.data?.data ?? [];
	return (
		<Panel title={t("duration")} action={<CsvLink route={route} query={query} />}>
			<div className={ui.stack}>
				<p className={cx(ui.small, ui.muted)}>{t("duration.hint")}</p>
				<Answer query={answer} empty={rows.length === 0}>
					<DataTable
						rows={rows}
						keyOf={(r) => r.tag}
						columns={[
							{
								head: t("tag"),
								cell: (r) => <bdi>{r.tag === NO_TAG ? t("noTag") : r.tag}</bdi>,
							},
							{ head: t("sessions"), num: true, cell: (r) => number(language, r.sessions) },
							{ head: t("median"), num: true, cell: (r) => seconds(r.medianSeconds) },
							{ head: t("average"), num: true, cell: (r) => seconds(r.averageSeconds) },
							{ head: t("p90"), num: true, cell: (r) => seconds(r.p90Seconds) },
						]}
					/>
				</Answer>
			</div>
		</Panel>
	);
}

function Slowest({ query: filters }: { query: Record<string, string | undefined> }) {
	const t = useT(texts);
	const { slug } = useSession();
	const route = "/api/clients/{slug}/kpis/slowest-sessions";
	const query = { ...filters, limit: 20 };
	const answer = useQuery({
		queryKey: keys.kpi(slug, "slowest-sessions", query),
		queryFn: ({ signal }) => api.get(route, { path: { slug }, query, signal }),
		placeholderData: keepPreviousData,
	});
	const rows = answer.data?.data ?? [];
	return (
		<Panel title={t("slowest")} action={<CsvLink route={route} query={query} />}>
			<Answer query={answer} empty={rows.length === 0}>
				<DataTable
					rows={rows}
					keyOf={(r) => r.sessionId}
					columns={[
						{ head: t("date"), cell: (r) => <Time at={r.startedAt} as="exact" /> },
						{ head: t("took"), num: true, cell: (r) => seconds(r.durationSeconds) },
						{ head: t("agent"), cell: (r) => <bdi>{r.assignedUserName ?? t("noAgent")}</bdi> },
						{
							head: <span className="sr-only">{t("open")}</span>,
							cell: (r) =>
								r.conversationId !== null && (
									<Link href={`/${slug}/conversas/${r.conversationId}`}>{t("open")}</Link>
								),
						},
					]}
				/>
			</Answer>
		</Panel>
	);
}

function daysAgo(n: number): string {
	const at = new Date();
	at.setDate(at.getDate() - n);
	return dayKey(at);
}

export default function Kpis() {
	const t = useT(texts);
	const search = useSearch();
	const [path, navigate] = useLocation();
	const words = useMemo(() => new URLSearchParams(search), [search]);
	const granularity = GRAINS.find((g) => g === words.get("por")) ?? "day";
	const query = useMemo(
		() => ({
			from: words.get("de") ?? daysAgo(29),
			to: words.get("ate") ?? daysAgo(0),
			agent: words.get("atendente") ?? undefined,
			tag: words.get("etiqueta") ?? undefined,
		}),
		[words],
	);
	const setAll = (to: Record<string, string>) => {
		const next = new URLSearchParams(search);
		for (const [name, value] of Object.entries(to))
			if (value === "") next.delete(name);
			else next.set(name, value);
		navigate(`${path}?${next.toString()}`, { replace: true });
	};
	const set = (name: string, value: string) => setAll({ [name]: value });
	const isSpan = (days: number) => query.to === daysAgo(0) && query.from === daysAgo(days - 1);
	const fault = periodFault(query.from, query.to);
	return (
		<Page title={t("title")}>
			<div className={css.spans} role="group" aria-label={t("spans")}>
				{SPANS.map((days) => (
					<Button
						key={days}
						aria-pressed={isSpan(days)}
						className={cx(isSpan(days) && css.spanOn)}
						onClick={() => setAll({ de: daysAgo(days - 1), ate: daysAgo(0) })}
					>
						{t("span", { n: days })}
					</Button>
				))}
			</div>
			<div className={cx(ui.filters, css.filters)}>
				<label className={ui.field}>
					<span className={ui.small}>{t("from")}</span>
					<input
						className={ui.input}
						type="date"
						value={query.from}
						onChange={(e) => set("de", e.target.value)}
					/>
				</label>
				<label className={ui.field}>
					<span className={ui.small}>{t("to")}</span>
					<input
						className={ui.input}
						type="date"
						value={query.to}
						onChange={(e) => set("ate", e.target.value)}
					/>
				</label>
				<label className={ui.field}>
					<span className={ui.small}>{t("by")}</span>
					<select
						className={ui.input}
						value={granularity}
						onChange={(e) => set("por", e.target.value)}
					>
						{GRAINS.map((g) => (
							<option key={g} value={g}>
								{t(`by.${g}`)}
							</option>
						))}
					</select>
				</label>
				{(["agent", "tag"] as const).map((name) => (
					<label key={name} className={ui.field}>
						<span className={ui.small}>{t(name)}</span>
						<input
							className={ui.input}
							maxLength={200}
							defaultValue={query[name] ?? ""}
							placeholder={t(`${name}.hint`)}
							onBlur={(e) =>
								set(name === "agent" ? "atendente" : "etiqueta", e.target.value.trim())
							}
							onKeyDown={(e) => {
								if (e.key === "Enter") e.currentTarget.blur();
							}}
						/>
					</label>
				))}
			</div>
			{fault === null ? (
				<>
					<FirstResponse query={{ ...query, granularity }} />
					<Durations query={query} />
					<Slowest query={query} />
				</>
			) : (
				<Panel>
					<Empty title={t(`fault.${fault}`)}>{t("fault.text")}</Empty>
				</Panel>
			)}
		</Page>
	);
}
