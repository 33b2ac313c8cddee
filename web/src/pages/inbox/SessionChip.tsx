/* A session's score, where it has one, with the way to the report it comes from. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, ApiError } from "../../api/client";
import { keys } from "../../api/keys";
import { useT } from "../../i18n";
import { useSession } from "../../shell/session";
import { Badge, scoreTone } from "../../ui";
import css from "./inbox.module.css";
import { texts } from "./messages";

/** Whether the client has any analysis at all: asked once, before asking for each session. */
function useHasAnalyses(): boolean {
	const { slug } = useSession();
	const summary = useQuery({
		queryKey: keys.summary(slug, { fromDays: 365 }),
		queryFn: ({ signal }) =>
			api.get("/api/tenant/{slug}/session-analyses/summary", {
				path: { slug },
				query: { fromDays: 365 },
				signal,
			}),
	});
	return summary.data?.combo != null && summary.data.results.done > 0;
}

export function SessionChip({ sessionId }: { sessionId: string }) {
	const t = useT(texts);
	const { slug } = useSession();
	const enabled = useHasAnalyses();
	const details = useQuery({
		queryKey: keys.details(slug, sessionId, null),
		enabled,
		retry: (n, e) => n < 1 && !(e instanceof ApiError),
		queryFn: ({ signal }) =>
			api.get("/api/tenant/{slug}/session-analyses/details", {
				path: { slug },
				query: { sessionId },
				signal,
			}),
	});
	const analysis = details.data?.analysis;
	if (analysis?.report == null) return null;
	return (
		<Link href={`/${slug}/avaliacoes/sessao/${sessionId}`} className={css.chipLink ?? ""}>
			<Badge tone={scoreTone(analysis.report.overallScore)} icon="star">
				{t("session.score", { n: Math.round(analysis.report.overallScore) })}
				{analysis.stale && ` · ${t("session.stale")}`}
			</Badge>
		</Link>
	);
}
