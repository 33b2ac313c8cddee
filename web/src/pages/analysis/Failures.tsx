/* The sessions that could not be assessed, each with the reason, and the way to try them again. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { AnalysisCombo, FailedAnalysis } from "../../api/types";
import { byCode, useT } from "../../i18n";
import type { Combo } from "../../lib/results";
import { useSession } from "../../shell/session";
import { useNow } from "../../ui/clock";
import { DataTable } from "../../ui/DataTable";
import { buttonClass, cx, ErrorState, Panel, Skeleton, Time, ui } from "../../ui";
import { texts } from "./messages";

const SHOWN = 50;

/** Why, in the reader's words; the model's own where it refused, the server's where the page has none. */
export function FailureReason({ failed }: { failed: { error: string | null; errorCode: string | null } }) {
	const t = useT(texts);
	const { error, errorCode: code } = failed;
	if (error === null) return <>–</>;
	const said = code === "refusal" ? (/^[^:]*: [^:]*: (.+)$/s.exec(error)?.[1] ?? null) : null;
	return (
		<>
			{byCode(texts, t, "report.error", code, error)}
			{said !== null && (
				<>
					: <q dir="auto">{said}</q>
				</>
			)}
		</>
	);
}

/** The way to a run that tries again what failed. */
export function RetryLink({ scriptKey }: { scriptKey: string }) {
	const t = useT(texts);
	const { slug } = useSession();
	return (
		<Link
			className={buttonClass()}
			href={`/${slug}/avaliacoes/executar?falhas=1&roteiro=${encodeURIComponent(scriptKey)}`}
		>
			{t("failures.retry")}
		</Link>
	);
}

function Next({ item }: { item: FailedAnalysis }) {
	const t = useT(texts);
	const now = useNow();
	if (item.nextRetryAt === null) return <>{t("failures.never")}</>;
	return Date.parse(item.nextRetryAt) <= now.getTime() ? (
		<>{t("failures.due")}</>
	) : (
		<Time at={item.nextRetryAt} />
	);
}

export function Failures({
	combo,
	used,
	total,
	suffix,
}: {
	combo: Combo;
	/** What `combo` stands for. */
	used: AnalysisCombo;
	/** How many there are. */
	total: number;
	suffix: string;
}) {
	const t = useT(texts);
	const { slug, can } = useSession();
	const query = { ...combo, limit: SHOWN };
	const failures = useQuery({
		queryKey: keys.analysisFailures(slug, query),
		queryFn: ({ signal }) =>
			api.get("/api/tenant/{slug}/session-analyses/failures", { path: { slug }, query, signal }),
	});
	return (
		<Panel title={t("failures")} action={can("admin") && <RetryLink scriptKey={used.scriptKey} />}>
			{failures.isPending && <Skeleton lines={4} />}
			{failures.isError && <ErrorState error={failures.error} retry={() => void failures.refetch()} />}
			{failures.data !== undefined && (
				<DataTable
					rows={failures.data.items}
					keyOf={(x) => x.sessionAnalysisId}
					columns={[
						{
							head: t("failures.session"),
							cell: (x) => (
								<Link href={`/${slug}/avaliacoes/sessao/${x.sessionId}${suffix}`}>
									<Time at={x.session.startedAt} as="list" />
								</Link>
							),
						},
						{
							head: t("agent"),
							cell: (x) => <bdi>{x.assignedUserName ?? t("agents.none")}</bdi>,
						},
						{ head: t("failures.why"), cell: (x) => <FailureReason failed={x} /> },
						{ head: t("failures.next"), cell: (x) => <Next item={x} /> },
					]}
				/>
			)}
			{failures.data !== undefined && failures.data.items.length < total && (
				<p className={cx(ui.small, ui.muted)}>
					{t("failures.more", { n: failures.data.items.length })}
				</p>
			)}
		</Panel>
	);
}
