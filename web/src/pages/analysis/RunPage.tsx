/* A run: its criteria, how it goes on, and earlier ones. It has an address, to be come back to. */
import { Link, useSearch } from "wouter";
import { useT } from "../../i18n";
import { useSession } from "../../shell/session";
import { buttonClass, ErrorState, Notice, Panel, Skeleton, ui } from "../../ui";
import { useIntoView } from "../../ui/intoView";
import { texts } from "./messages";
import { RunForm } from "./RunForm";
import { LastRuns, RunningJob } from "./Runs";
import { useScripts } from "./useScripts";

export function RunPage() {
	const t = useT(texts);
	const { slug } = useSession();
	const job = new URLSearchParams(useSearch()).get("job");
	const jobBox = useIntoView(job, true);
	const scripts = useScripts();
	const usable = scripts.data?.some((f) => f.active !== undefined);
	return (
		<div className={ui.stack}>
			{job !== null && (
				<div ref={jobBox} tabIndex={-1}>
					<RunningJob id={job} />
				</div>
			)}
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
