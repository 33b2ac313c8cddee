/* What can be told of a job from its document. Pure. */
import type { Job } from "../api/types";

/** Done per minute since it started; null before there is anything to go by. */
export function jobRate(job: Pick<Job, "startedAt" | "finishedAt" | "progress">, now: Date): number | null {
	if (job.startedAt === null || job.progress.done <= 0) return null;
	const end = job.finishedAt === null ? now.getTime() : Date.parse(job.finishedAt);
	const ms = end - Date.parse(job.startedAt);
	return ms < 1000 ? null : (job.progress.done * 60_000) / ms;
}

/** The counts of a job that are numbers, as the server names them. */
export function countsOf(job: Pick<Job, "counts">): Map<string, number> {
	const counts = new Map<string, number>();
	for (const [name, value] of Object.entries(job.counts))
		if (typeof value === "number") counts.set(name, value);
	return counts;
}
