/*
 * From criteria to results, one step after the other: nothing is spent before one has seen what it
 * would be, and said yes. The run has an address, so that it can be left and come back to.
 */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { api, ApiError } from "../../api/client";
import { keys } from "../../api/keys";
import type { AnalysisPlan, Job } from "../../api/types";
import { byCode, useLanguage, useT, type Translate } from "../../i18n";
import { number, usd } from "../../lib/format";
import { countsOf } from "../../lib/jobs";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import {
	Button,
	buttonClass,
	Check,
	ErrorState,
	Field,
	FormError,
	Notice,
	Panel,
	Skeleton,
	Time,
	ui,
} from "../../ui";
import { Confirm } from "../../ui/dialog";
import { JobBadge, JobProgress, useJob } from "../JobProgress";
import css from "./analysis.module.css";
import { texts } from "./messages";
import { useScripts, type ScriptFamily } from "./useScripts";

interface Criteria {
	scriptKey: string;
	minMessages: string;
	limit: string;
	maxCostUsd: string;
	messageOrder: "updated" | "sent";
	forceReprocess: boolean;
	retryFailed: boolean;
}

function bodyOf(c: Criteria, version: number, dryRun: boolean) {
	return {
		scriptKey: c.scriptKey,
		scriptVersion: version,
		minMessages: Number(c.minMessages),
		limit: Number(c.limit),
		messageOrder: c.messageOrder,
		forceReprocess: c.forceReprocess,
		retryFailed: c.retryFailed,
		dryRun,
		...(c.maxCostUsd.trim() === "" ? {} : { maxCostUsd: Number(c.maxCostUsd) }),
	};
}

function Plan({ plan }: { plan: AnalysisPlan }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const e = plan.estimate;
	const rows: [keyof typeof texts, number][] = [
		["run.eligible", plan.eligible],
		["run.alreadyDone", plan.alreadyDone],
		["run.alreadyQueued", plan.alreadyQueued],
		["run.wouldEnqueue", plan.wouldEnqueue],
		["run.wouldProcessNow", plan.wouldProcessNow],
		["run.failedPermanent", plan.failedPermanent],
	];
	return (
		<>
			<dl className={ui.dl}>
				{rows.map(([key, n]) => (
					<div key={key} className={ui.pair}>
						<dt>{t(key)}</dt>
						<dd>{number(language, n)}</dd>
					</div>
				))}
			</dl>
			<Notice tone="accent">
				<p>
					<strong>
						{t("run.estimate", { n: e.sessions })}:{" "}
						{e.costUsd === null ? t("cost.none") : usd(language, e.costUsd)}
					</strong>
					{e.sampled && ` (${t("run.estimate.sampled")})`}
				</p>
				<p>{t("run.estimate.tokens", { in: e.inputTokens, out: e.outputTokens })}</p>
			</Notice>
		</>
	);
}

function reasonText(t: Translate<typeof texts>, job: Job): string | null {
	const reason = job.counts["reason"];
	const code = typeof reason === "string" ? reason : job.errorCode;
	if (code === null && job.error === null) return null;
	return byCode(texts, t, "run.reason", code, job.error ?? code ?? "");
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
	const reason = reasonText(t, j);
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
				{reason !== null && (
					<Notice tone="amber" icon="warning">
						{t("run.reason", { reason })}
					</Notice>
				)}
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

function LastRuns() {
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
								<td className={ui.num}>{number(language, countsOf(j).get("processed"))}</td>
								<td className={ui.num}>{number(language, countsOf(j).get("failed"))}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</Panel>
	);
}

function RunForm({ families }: { families: ScriptFamily[] }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const [, navigate] = useLocation();
	const say = useToast();
	const usable = families.filter((f) => f.active !== undefined);
	const [c, setC] = useState<Criteria>({
		scriptKey: usable[0]?.key ?? "",
		minMessages: "20",
		limit: "200",
		maxCostUsd: "",
		messageOrder: "updated",
		forceReprocess: false,
		retryFailed: false,
	});
	const [asking, setAsking] = useState(false);
	const version = families.find((f) => f.key === c.scriptKey)?.active?.version ?? 0;
	const dry = useMutation({
		mutationFn: async () => {
			const plan = await api.post("/api/admin/{slug}/session-analyses/run", {
				path: { slug },
				body: bodyOf(c, version, true),
			});
			if ("dryRun" in plan) return plan;
			throw new ApiError(200, "bad_answer", null);
		},
	});
	const run = useMutation({
		mutationFn: () =>
			api.post("/api/admin/{slug}/session-analyses/run", {
				path: { slug },
				body: bodyOf(c, version, false),
				headers: { prefer: "respond-async" },
			}),
		onSuccess: (answer) => {
			const id = "job" in answer ? answer.job.id : "jobId" in answer ? answer.jobId : null;
			say(t("run.started"));
			setAsking(false);
			if (id !== null) navigate(`/${slug}/avaliacoes/executar?job=${id}`);
		},
	});
	/* What was simulated is no longer what would be run. */
	const set = (to: Partial<Criteria>) => {
		setC({ ...c, ...to });
		dry.reset();
	};
	const plan = dry.data;
	const count = Math.min(Number(c.limit), plan?.estimate.sessions ?? 0);
	const cost = plan?.estimate.costUsd;
	return (
		<>
			<Panel title={t("run.criteria")}>
				<form
					className={ui.stack}
					onSubmit={(e: SyntheticEvent) => {
						e.preventDefault();
						dry.mutate();
					}}
				>
					<p className={ui.muted}>{t("run.intro")}</p>
					<div className={css.form}>
						<Field label={t("script")} hint={t("scripts.activeVersion", { n: version })}>
							{(ids) => (
								<select
									{...ids}
									value={c.scriptKey}
									onChange={(e) => set({ scriptKey: e.target.value })}
								>
									{usable.map((f) => (
										<option key={f.key} value={f.key}>
											{f.active?.name ?? f.key}
										</option>
									))}
								</select>
							)}
						</Field>
						<Field label={t("run.min")}>
							{(ids) => (
								<input
									{...ids}
									type="number"
									min={1}
									required
									value={c.minMessages}
									onChange={(e) => set({ minMessages: e.target.value })}
								/>
							)}
						</Field>
						<Field label={t("run.limit")} hint={t("run.limit.hint")}>
							{(ids) => (
								<input
									{...ids}
									type="number"
									min={1}
									max={500}
									required
									value={c.limit}
									onChange={(e) => set({ limit: e.target.value })}
								/>
							)}
						</Field>
						<Field label={t("run.cost")} hint={t("run.cost.hint")}>
							{(ids) => (
								<input
									{...ids}
									type="number"
									min={0}
									step="any"
									value={c.maxCostUsd}
									onChange={(e) => set({ maxCostUsd: e.target.value })}
								/>
							)}
						</Field>
						<Field label={t("run.order")}>
							{(ids) => (
								<select
									{...ids}
									value={c.messageOrder}
									onChange={(e) =>
										set({ messageOrder: e.target.value === "sent" ? "sent" : "updated" })
									}
								>
									<option value="updated">{t("run.order.updated")}</option>
									<option value="sent">{t("run.order.sent")}</option>
								</select>
							)}
						</Field>
					</div>
					<Check
						label={t("run.retry")}
						checked={c.retryFailed}
						onChange={(e) => set({ retryFailed: e.target.checked })}
					/>
					<Check
						label={t("run.force")}
						hint={t("run.force.hint")}
						checked={c.forceReprocess}
						onChange={(e) => set({ forceReprocess: e.target.checked })}
					/>
					<FormError error={dry.error} />
					<div>
						<Button
							type="submit"
							kind={plan === undefined ? "primary" : "plain"}
							disabled={dry.isPending}
						>
							{t("run.dry")}
						</Button>
					</div>
				</form>
			</Panel>
			{plan !== undefined && (
				<Panel title={t("run.plan")}>
					<div className={ui.stack}>
						<Plan plan={plan} />
						{count === 0 ? (
							<Notice tone="grey">{t("run.nothing")}</Notice>
						) : (
							<div>
								<Button kind="primary" onClick={() => setAsking(true)}>
									{t("run.go")}
								</Button>
							</div>
						)}
					</div>
				</Panel>
			)}
			<Confirm
				open={asking}
				onClose={() => setAsking(false)}
				onConfirm={() => run.mutate()}
				busy={run.isPending}
				error={run.error}
				danger={false}
				title={t("run.confirm")}
				action={t("run.confirm.go")}
				text={t("run.confirm.text", {
					n: count,
					cost: cost === null || cost === undefined ? t("cost.none") : usd(language, cost),
				})}
			/>
		</>
	);
}

export function RunPage() {
	const t = useT(texts);
	const { slug } = useSession();
	const job = new URLSearchParams(useSearch()).get("job");
	const scripts = useScripts();
	const usable = scripts.data?.some((f) => f.active !== undefined);
	return (
		<div className={ui.stack}>
			{job !== null && <RunningJob id={job} />}
			{scripts.isPending && (
				<Panel>
					<Skeleton lines={6} />
				</Panel>
			)}
			{scripts.isError && (
				<Panel>
					<ErrorState error={scripts.error} retry={() => void scripts.refetch()} />
				</Panel>
			)}
			{usable === false && (
				<Notice
					tone="amber"
					action={
						<Link className={buttonClass()} href={`/${slug}/avaliacoes/roteiros`}>
							{t("tab.scripts")}
						</Link>
					}
				>
					{t("run.noScript")}
				</Notice>
			)}
			{usable === true && scripts.data !== undefined && <RunForm families={scripts.data} />}
			<LastRuns />
		</div>
	);
}
