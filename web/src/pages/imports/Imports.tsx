/*
 * The helpdesk import: where it stands, what the last runs did, what could not be imported and
 * why. A partial run says what was left, and each failure says what to do.
 */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { ImportFailure, Job } from "../../api/types";
import { byCode, useLanguage, useT } from "../../i18n";
import { number } from "../../lib/format";
import { countsOf } from "../../lib/jobs";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import {
	Button,
	buttonClass,
	Check,
	cx,
	Empty,
	ErrorState,
	FormError,
	Notice,
	Page,
	Panel,
	Skeleton,
	TableWrap,
	Time,
	ui,
} from "../../ui";
import { isUnderWay, JobBadge, JobProgress } from "../JobProgress";
import { texts } from "./messages";

const FAILURES = "falhas";
const COUNTS = [
	"ticketsNew",
	"ticketsChanged",
	"ticketsSame",
	"messagesNew",
	"messagesChanged",
	"leadsNew",
	"sessionsChanged",
	"failed",
	"problems",
	"requests",
] as const;

function Counts({ job }: { job: Job }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const counts = countsOf(job);
	return (
		<dl className={ui.dl}>
			{COUNTS.filter((c) => (counts.get(c) ?? 0) > 0).map((c) => (
				<div key={c} className={ui.pair}>
					<dt>{t(`count.${c}`)}</dt>
					<dd>{number(language, counts.get(c))}</dd>
				</div>
			))}
		</dl>
	);
}

/* What only somebody who changes the client's address or key can mend. */
const MENDED_AT_CLIENT = [
	"unauthorized",
	"forbidden",
	"not_found",
	"redirected",
	"not_callable",
	"no_helpdesk",
];

function Mend() {
	const t = useT(texts);
	const { slug, can } = useSession();
	if (!can("admin")) return <p>{t("empty.ask")}</p>;
	return (
		<p>
			<Link className={buttonClass()} href={`/${slug}/administracao/clientes`}>
				{t("empty.action")}
			</Link>
		</p>
	);
}

/** Why a run did not do all of it, and what happens with the rest. */
function Partial({ job }: { job: Job }) {
	const t = useT(texts);
	const failed = countsOf(job).get("failed") ?? 0;
	if (job.status !== "partial" && job.status !== "failed") return null;
	return (
		<Notice
			tone={job.status === "failed" ? "red" : "amber"}
			icon="warning"
			action={
				failed > 0 && (
					<a className={buttonClass()} href={`#${FAILURES}`}>
						{t("partial.why")}
					</a>
				)
			}
		>
			<p>
				<strong>{job.status === "failed" ? t("failed.title") : t("partial.title")}</strong>
			</p>
			{failed > 0 && <p>{t("partial.failures", { n: failed })}</p>}
			{job.error !== null && job.errorCode !== "failures" && (
				<p>{t("reason", { reason: byCode(texts, t, "reason", job.errorCode, job.error) })}</p>
			)}
			{MENDED_AT_CLIENT.includes(job.errorCode ?? "") ? (
				<Mend />
			) : (
				<p>{t(failed > 0 ? "partial.next" : "partial.later")}</p>
			)}
		</Notice>
	);
}

function FailureRow({ failure: f }: { failure: ImportFailure }) {
	const t = useT(texts);
	const { slug, can } = useSession();
	const cache = useQueryClient();
	const say = useToast();
	const retry = useMutation({
		mutationFn: () =>
			api.post("/api/clients/{slug}/import-failures/{id}/retry", { path: { slug, id: f.id } }),
		onSuccess: () => {
			say(t("failures.retried"));
			for (const kind of ["import-state", "jobs", "import-failures"])
				void cache.invalidateQueries({ queryKey: [kind, slug] });
		},
		onError: () => say(t("failures.notRetried"), true),
	});
	return (
		<tr>
			<td>
				<code>{f.externalUuid}</code>
			</td>
			<td>
				{byCode(texts, t, "reason", f.reason, f.reason)}
				{f.detail !== null && (
					<details className={cx(ui.small, ui.muted)}>
						<summary>{t("failures.detail")}</summary>
						{f.detail}
					</details>
				)}
			</td>
			<td className={ui.num}>{f.attempts}</td>
			<td>
				<Time at={f.lastAt} />
			</td>
			<td>
				{can("admin") && (
					<Button onClick={() => retry.mutate()} disabled={retry.isPending}>
						{t("failures.retry")}
					</Button>
				)}
			</td>
		</tr>
	);
}

function Failures() {
	const t = useT(texts);
	const { slug } = useSession();
	const list = useInfiniteQuery({
		queryKey: keys.importFailures(slug),
		queryFn: ({ pageParam, signal }) =>
			api.get("/api/clients/{slug}/import-failures", {
				path: { slug },
				query: { limit: 50, cursor: pageParam ?? undefined },
				signal,
			}),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.nextCursor,
	});
	const rows = list.data?.pages.flatMap((p) => p.data) ?? [];
	return (
		<Panel title={t("failures")} id={FAILURES}>
			{list.isPending && <Skeleton lines={3} />}
			{list.isError && <ErrorState error={list.error} retry={() => void list.refetch()} />}
			{list.isSuccess && rows.length === 0 && <p className={ui.muted}>{t("failures.none")}</p>}
			{rows.length > 0 && (
				<TableWrap label={t("failures")}>
					<table className={ui.table}>
						<thead>
							<tr>
								<th scope="col">{t("failures.ticket")}</th>
								<th scope="col">{t("failures.reason")}</th>
								<th scope="col" className={ui.num}>
									{t("failures.attempts")}
								</th>
								<th scope="col">{t("failures.last")}</th>
								<th scope="col">
									<span className="sr-only">{t("failures.retry")}</span>
								</th>
							</tr>
						</thead>
						<tbody>
							{rows.map((f) => (
								<FailureRow key={f.id} failure={f} />
							))}
						</tbody>
					</table>
				</TableWrap>
			)}
			{list.hasNextPage && (
				<Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
					{t("more")}
				</Button>
			)}
		</Panel>
	);
}

function Runs() {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const jobs = useQuery({
		queryKey: keys.jobs(slug, "import"),
		queryFn: async ({ signal }) => {
			const [imports, contacts] = await Promise.all(
				(["import", "sync_contacts"] as const).map((kind) =>
					api.get("/api/jobs", { query: { clientSlug: slug, kind, limit: 15 }, signal }),
				),
			);
			return [...(imports?.data ?? []), ...(contacts?.data ?? [])]
				.sort((a, b) => b.createdAt.localeCompare(a.createdAt))
				.slice(0, 20);
		},
	});
	return (
		<Panel title={t("runs")}>
			{jobs.isPending && <Skeleton lines={4} />}
			{jobs.isError && <ErrorState error={jobs.error} retry={() => void jobs.refetch()} />}
			{jobs.data?.length === 0 && <p className={ui.muted}>{t("runs.none")}</p>}
			{jobs.data !== undefined && jobs.data.length > 0 && (
				<TableWrap label={t("runs")}>
					<table className={ui.table}>
						<thead>
							<tr>
								<th scope="col">{t("runs.kind")}</th>
								<th scope="col">{t("runs.status")}</th>
								<th scope="col">{t("runs.started")}</th>
								<th scope="col" className={ui.num}>
									{t("runs.done")}
								</th>
								<th scope="col" className={ui.num}>
									{t("runs.messages")}
								</th>
								<th scope="col" className={ui.num}>
									{t("runs.failed")}
								</th>
								<th scope="col">{t("runs.why")}</th>
							</tr>
						</thead>
						<tbody>
							{jobs.data.map((j) => {
								const counts = countsOf(j);
								return (
									<tr key={j.id}>
										<td>
											{t(j.kind === "import" ? "kind.import" : "kind.sync_contacts")}
										</td>
										<td>
											<JobBadge job={j} />
										</td>
										<td>
											<Time at={j.startedAt ?? j.createdAt} />
										</td>
										<td className={ui.num}>{number(language, j.progress.done)}</td>
										<td className={ui.num}>
											{number(language, counts.get("messagesNew"))}
										</td>
										<td className={ui.num}>{number(language, counts.get("failed"))}</td>
										<td>
											{j.error !== null
												? byCode(texts, t, "reason", j.errorCode, j.error)
												: (counts.get("failed") ?? 0) > 0
													? t("partial.failures", { n: counts.get("failed") ?? 0 })
													: "–"}
										</td>
									</tr>
								);
							})}
						</tbody>
					</table>
				</TableWrap>
			)}
		</Panel>
	);
}

export default function Imports() {
	const t = useT(texts);
	const { slug, client, can } = useSession();
	const cache = useQueryClient();
	const say = useToast();
	const [full, setFull] = useState(false);
	const state = useQuery({
		queryKey: keys.importState(slug),
		queryFn: ({ signal }) => api.get("/api/clients/{slug}/import-state", { path: { slug }, signal }),
	});
	const refresh = () => {
		for (const kind of ["import-state", "jobs"]) void cache.invalidateQueries({ queryKey: [kind, slug] });
	};
	const start = useMutation({
		mutationFn: () =>
			api.post("/api/jobs/import/{slug}", { path: { slug }, body: full ? { full: true } : {} }),
		onSuccess: () => {
			say(t("started"));
			refresh();
		},
	});
	const contacts = useMutation({
		mutationFn: () => api.post("/api/jobs/sync-contacts/{slug}", { path: { slug } }),
		onSuccess: () => {
			say(t("contactsStarted"));
			refresh();
		},
	});
	const run = state.data?.lastRun ?? null;
	const running = isUnderWay(run);
	const configured = client === undefined || (client.apiBaseUrl !== null && client.hasApiKey);
	if (!configured)
		return (
			<Page title={t("title")}>
				<Panel>
					<Empty
						title={t("empty.title")}
						action={
							can("admin") && (
								<Link
									className={buttonClass("primary")}
									href={`/${slug}/administracao/clientes`}
								>
									{t("empty.action")}
								</Link>
							)
						}
					>
						{can("admin") ? t("empty.text") : t("empty.ask")}
					</Empty>
				</Panel>
			</Page>
		);
	return (
		<Page
			title={t("title")}
			action={
				can("admin") && (
					<div className={ui.row}>
						<Button onClick={() => contacts.mutate()} disabled={contacts.isPending}>
							{t("syncContacts")}
						</Button>
						<Button
							kind="primary"
							onClick={() => start.mutate()}
							disabled={start.isPending || running}
						>
							{t("start")}
						</Button>
					</div>
				)
			}
		>
			<FormError error={start.error ?? contacts.error} />
			{client?.isActive === false && <Notice tone="amber">{t("inactive")}</Notice>}
			<div className={ui.two}>
				<Panel title={t("now")}>
					{state.isPending && <Skeleton lines={4} />}
					{state.isError && <ErrorState error={state.error} retry={() => void state.refetch()} />}
					{state.data !== undefined && (
						<div className={ui.stack}>
							{run === null ? (
								<p>{t("never")}</p>
							) : (
								<JobProgress job={run} readAt={state.dataUpdatedAt} />
							)}
							{run !== null && <Partial job={run} />}
							{run !== null && <Counts job={run} />}
						</div>
					)}
				</Panel>
				{state.data !== undefined && (
					<Panel title={t("desk")}>
						<div className={ui.stack}>
							<dl className={ui.dl}>
								<dt>{t("helpdesk")}</dt>
								<dd>{client?.apiBaseUrl ?? "–"}</dd>
								<dt>{t("lastImportAt")}</dt>
								<dd>
									<Time at={state.data.lastImportAt} />
								</dd>
								<dt>{t("cursor")}</dt>
								<dd>
									<Time at={state.data.cursor} as="exact" />
									<br />
									<span className={cx(ui.small, ui.muted)}>{t("cursor.hint")}</span>
								</dd>
								<dt>{t("lastFullAt")}</dt>
								<dd>
									<Time at={state.data.lastFullAt} />
								</dd>
							</dl>
							{can("admin") && (
								<Check
									label={t("full")}
									hint={t("full.hint")}
									checked={full}
									onChange={(e) => setFull(e.target.checked)}
								/>
							)}
						</div>
					</Panel>
				)}
			</div>
			<Failures />
			<Runs />
		</Page>
	);
}
