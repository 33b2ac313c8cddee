/* A run as it goes on, and those before it. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Job } from "../../api/types";
import { byCode, useLanguage, useT } from "../../i18n";
import { clockTime, number, usd } from "../../lib/format";
import { countsOf } from "../../lib/jobs";
import { useSession } from "../../shell/session";
import { buttonClass, ErrorState, Notice, Panel, Skeleton, Time, TableWrap, ui } from "../../ui";
import { isUnderWay, JobBadge, JobProgress, useJob } from "../JobProgress";
import { texts } from "./messages";

function textOf(job: Job, name: string): string | null {
	const value = job.counts[name];
	return typeof value === "string" ? value : null;
}

/* Why it is not what one hoped for: it waits, it ended early, or some could not be assessed. */
function Trouble({ job: j }: { job: Job }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const paused = textOf(j, "pausedUntil");
	/* That some failed is told by their number. */
	const code = textOf(j, "reason") ?? (j.errorCode === "failures" ? null : j.errorCode);
	const failed = countsOf(j).get("failed") ?? 0;
	return (
		<>
			{isUnderWay(j) && paused !== null && (
				<Notice tone="amber" role="status">
					{t("run.paused", { at: clockTime(language, new Date(paused), true) })}
				</Notice>
			)}
			{code !== null && (
				<Notice tone="amber" icon="warning">
					{t("run.reason", { reason: byCode(texts, t, "run.reason", code, j.error ?? code) })}
				</Notice>
			)}
			{failed > 0 && (
				<Notice
					tone="amber"
					icon="warning"
					action={
						<Link className={buttonClass()} href={`/${slug}/avaliacoes`}>
							{t("run.seeFailed")}
						</Link>
					}
				>
					{t("run.someFailed", { n: failed })}
				</Notice>
			)}
		</>
	);
}

export function RunningJob({ id }: { id: string }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const job = useJob(id);
	if (job.isError)
		return (
			<Panel title={t("run.job")}>
				<ErrorState error={job.error} retry={() => void job.refetch()} />
			</Panel>
		);
	if (job.data === undefined)
		return (
			<Panel title={t("run.job")}>
				<Skeleton lines={4} />
			</Panel>
		);
	const j = job.data.job;
	const counts = countsOf(j);
	return (
		<Panel
			title={t("run.job")}
			action={
				<Link className={buttonClass()} href={`/${slug}/avaliacoes`}>
					{t("run.see")}
				</Link>
			}
		>
			<div className={ui.stack}>
				<JobProgress job={j} readAt={job.dataUpdatedAt} />
				<Trouble job={j} />
				<dl className={ui.dl}>
					<dt>{t("run.enqueued")}</dt>
					<dd>{number(language, counts.get("enqueued"))}</dd>
					<dt>{t("run.processed")}</dt>
					<dd>{number(language, counts.get("processed"))}</dd>
					<dt>{t("run.failed")}</dt>
					<dd>{number(language, counts.get("failed"))}</dd>
					<dt>{t("run.remaining")}</dt>
					<dd>{number(language, counts.get("remainingQueue"))}</dd>
					<dt>{t("run.costSoFar")}</dt>
					<dd>
						{counts.has("costMicroUsd")
							? usd(language, (counts.get("costMicroUsd") ?? 0) / 1e6)
							: "–"}
					</dd>
				</dl>
			</div>
		</Panel>
	);
}

export function LastRuns() {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const jobs = useQuery({
		queryKey: keys.jobs(slug, "analysis"),
		queryFn: ({ signal }) =>
			api.get("/api/jobs", { query: { clientSlug: slug, kind: "analysis", limit: 10 }, signal }),
	});
	return (
		<Panel title={t("run.last")}>
			{jobs.isPending && <Skeleton lines={3} />}
			{jobs.isError && <ErrorState error={jobs.error} retry={() => void jobs.refetch()} />}
			{jobs.data?.data.length === 0 && <p className={ui.muted}>{t("run.last.none")}</p>}
			{jobs.data !== undefined && jobs.data.data.length > 0 && (
				<TableWrap label={t("run.last")}>
					<table className={ui.table}>
						<thead>
							<tr>
								<th scope="col">{t("date")}</th>
								<th scope="col">{t("run.job")}</th>
								<th scope="col" className={ui.num}>
									{t("run.processed")}
								</th>
								<th scope="col" className={ui.num}>
									{t("run.failed")}
								</th>
							</tr>
						</thead>
						<tbody>
							{jobs.data.data.map((j) => (
								<tr key={j.id}>
									<td>
										<Link href={`/${slug}/avaliacoes/executar?job=${j.id}`}>
											<Time at={j.createdAt} />
										</Link>
									</td>
									<td>
										<JobBadge job={j} />
									</td>
									<td className={ui.num}>
										{number(language, countsOf(j).get("processed"))}
									</td>
									<td className={ui.num}>{number(language, countsOf(j).get("failed"))}</td>
								</tr>
							))}
						</tbody>
					</table>
				</TableWrap>
			)}
		</Panel>
	);
}
