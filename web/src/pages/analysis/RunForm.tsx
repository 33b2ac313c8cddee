/*
 * From criteria to a run, one step after the other: nothing is spent before one has seen what it
 * would be, and said yes.
 */
import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { useLocation, useSearch } from "wouter";
import { api, ApiError } from "../../api/client";
import type { AnalysisPlan } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { number, usd } from "../../lib/format";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, Check, Field, FormError, Notice, Panel, ui } from "../../ui";
import { Confirm } from "../../ui/dialog";
import { useIntoView } from "../../ui/intoView";
import css from "./analysis.module.css";
import { texts } from "./messages";
import type { ScriptFamily } from "./useScripts";

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

export function RunForm({ families }: { families: ScriptFamily[] }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const [, navigate] = useLocation();
	const say = useToast();
	const words = new URLSearchParams(useSearch());
	const usable = families.filter((f) => f.active !== undefined);
	const [c, setC] = useState<Criteria>({
		scriptKey: (usable.find((f) => f.key === words.get("roteiro")) ?? usable[0])?.key ?? "",
		minMessages: "20",
		limit: "200",
		maxCostUsd: "",
		messageOrder: "updated",
		forceReprocess: false,
		retryFailed: words.get("falhas") === "1",
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
			dry.reset();
			if (id !== null) navigate(`/${slug}/avaliacoes/executar?job=${id}`);
		},
	});
	/* What was simulated is no longer what would be run. */
	const set = (to: Partial<Criteria>) => {
		setC({ ...c, ...to });
		dry.reset();
	};
	const plan = dry.data;
	const planBox = useIntoView(plan);
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
							{t(dry.isPending ? "run.dryBusy" : "run.dry")}
						</Button>
					</div>
				</form>
			</Panel>
			{plan !== undefined && (
				<div ref={planBox}>
					<Panel title={t("run.plan")}>
						<div className={ui.stack}>
							<Plan plan={plan} />
							{count === 0 ? (
								<Notice tone="grey">{t("run.nothing")}</Notice>
							) : !plan.modelReady ? (
								<Notice tone="amber" icon="warning">
									{t("run.noKey")}
								</Notice>
							) : (
								<div>
									<Button kind="primary" onClick={() => setAsking(true)}>
										{t("run.go")}
									</Button>
								</div>
							)}
						</div>
					</Panel>
				</div>
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
