/* A job as it goes on: its state, how far, how fast, how long still, and a way to stop it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import { keys } from "../api/keys";
import type { Job } from "../api/types";
import { useLanguage, useT, type Messages } from "../i18n";
import { duration, number } from "../lib/format";
import { jobRate } from "../lib/jobs";
import { useSession } from "../shell/session";
import { Badge, Button, cx, FormError, Progress, ui, type Tone } from "../ui";

export const texts = {
	"status.queued": ["Na fila", "Queued"],
	"status.running": ["Em andamento", "Running"],
	"status.succeeded": ["Concluído", "Done"],
	"status.partial": ["Parcial", "Partly done"],
	"status.failed": ["Falhou", "Failed"],
	"status.cancelled": ["Cancelado", "Cancelled"],
	"unit.tickets": ["{n} ticket||{n} tickets", "{n} ticket||{n} tickets"],
	"unit.contacts": ["{n} contato||{n} contatos", "{n} contact||{n} contacts"],
	"unit.sessions": ["{n} sessão||{n} sessões", "{n} session||{n} sessions"],
	"unit.entries": ["{n} entrada||{n} entradas", "{n} entry||{n} entries"],
	"unit.other": ["{n} feito||{n} feitos", "{n} done||{n} done"],
	of: ["{done} de {total}", "{done} of {total}"],
	rate: ["{n} por minuto", "{n} a minute"],
	left: ["faltam ~{time}", "~{time} left"],
	label: ["Andamento", "Progress"],
	stop: ["Parar", "Stop"],
	stopping: ["Parando no próximo ponto seguro…", "Stopping at the next safe point…"],
	took: ["levou {time}", "took {time}"],
} as const satisfies Messages;

const TONE: Record<Job["status"], Tone> = {
	queued: "amber",
	running: "blue",
	succeeded: "green",
	partial: "amber",
	failed: "red",
	cancelled: "grey",
};

export function isUnderWay(job: Job | null | undefined): boolean {
	return job?.status === "queued" || job?.status === "running";
}

export function JobBadge({ job }: { job: Job }) {
	const t = useT(texts);
	return (
		<Badge tone={TONE[job.status]} {...(job.status === "partial" ? { icon: "warning" as const } : {})}>
			{t(`status.${job.status}`)}
		</Badge>
	);
}

/** The job as it is now: kept true by the stream of events. */
export function useJob(id: string | null) {
	const { slug } = useSession();
	return useQuery({
		queryKey: keys.job(slug, id ?? ""),
		enabled: id !== null,
		queryFn: ({ signal }) => api.get("/api/jobs/{id}", { path: { id: id ?? "" }, signal }),
	});
}

/** `readAt`: when the job was as it is shown, ms; how fast it goes is told of that moment. */
export function JobProgress({ job, readAt }: { job: Job; readAt: number }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const { can, slug } = useSession();
	const cache = useQueryClient();
	const stop = useMutation({
		mutationFn: () => api.post("/api/jobs/{id}/cancel", { path: { id: job.id } }),
		onSuccess: () => {
			for (const kind of ["job", "jobs", "import-state"])
				void cache.invalidateQueries({ queryKey: [kind, slug] });
		},
	});
	const key = `unit.${job.progress.unit}`;
	const unit = key in texts ? (key as keyof typeof texts) : "unit.other";
	const total = job.progress.total;
	const rate = jobRate(job, new Date(readAt));
	const running = isUnderWay(job);
	const took =
		job.startedAt !== null && job.finishedAt !== null
			? duration((Date.parse(job.finishedAt) - Date.parse(job.startedAt)) / 1000)
			: null;
	return (
		<div className={ui.stack}>
			<div className={ui.row}>
				<JobBadge job={job} />
				<span className={ui.small}>
					{total === null
						? t(unit, { n: job.progress.done })
						: t("of", {
								done: number(language, job.progress.done),
								total: t(unit, { n: total }),
							})}
					{job.percent !== null && running && ` · ${number(language, job.percent)}%`}
					{running && rate !== null && ` · ${t("rate", { n: Math.round(rate) })}`}
					{running &&
						job.etaSeconds !== null &&
						` · ${t("left", { time: duration(job.etaSeconds) })}`}
					{took !== null && ` · ${t("took", { time: took })}`}
				</span>
				{running && can("admin") && (
					<Button onClick={() => stop.mutate()} disabled={stop.isPending || stop.isSuccess}>
						{t("stop")}
					</Button>
				)}
			</div>
			{running && <Progress value={job.percent} label={t("label")} />}
			{running && stop.isSuccess && <p className={cx(ui.small, ui.muted)}>{t("stopping")}</p>}
			<FormError error={stop.error} />
		</div>
	);
}
