/*
 * What the assessments say together. Where a figure could be computed only from a part of the
 * sessions, it says of which.
 */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import { useT } from "../../i18n";
import { comboOf } from "../../lib/results";
import { useSession } from "../../shell/session";
import { buttonClass, cx, Empty, ErrorState, Panel, Skeleton, ui } from "../../ui";
import css from "./analysis.module.css";
import { Failures } from "./Failures";
import { texts } from "./messages";
import {
	AgentsPanel,
	Figures,
	RankingPanel,
	TemperaturePanel,
	TopicsPanel,
	TrendPanel,
} from "./ResultPanels";
import { useScripts } from "./useScripts";

const PERIODS = [7, 30, 90, 365];
const RANKED = 200;

export function Results() {
	const t = useT(texts);
	const { slug, can } = useSession();
	const search = useSearch();
	const [, navigate] = useLocation();
	const words = new URLSearchParams(search);
	const days = PERIODS.includes(Number(words.get("dias"))) ? Number(words.get("dias")) : 30;
	const chosen = words.get("roteiro") ?? "";
	const combo = useMemo(() => comboOf(chosen), [chosen]);
	const suffix = chosen === "" ? "" : `?roteiro=${encodeURIComponent(chosen)}`;
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
	const failed = (summary.data?.queue.failedRetryable ?? 0) + (summary.data?.queue.failedPermanent ?? 0);
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
			{summary.data !== undefined && used != null && (
				<>
					<Figures summary={summary.data} />
					{failed > 0 && <Failures combo={combo} used={used} total={failed} suffix={suffix} />}
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
									<RankingPanel items={ranking.data.items} suffix={suffix} />
									<div className={css.two}>
										<AgentsPanel items={ranking.data.items} done={done} />
										<TopicsPanel items={ranking.data.items} combo={combo} />
									</div>
								</>
							)}
						</>
					)}
				</>
			)}
		</div>
	);
}
