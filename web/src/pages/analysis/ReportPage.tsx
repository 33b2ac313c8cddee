/*
 * A report beside the conversation it judges. What always holds: what is quoted can be looked up
 * with one click, and the message lights up; what was not found in the conversation says so and
 * is never shown as if it had been.
 */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { AnalysisDetails, Evidence, Report } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { exactTime, number, usd } from "../../lib/format";
import { comboOf } from "../../lib/results";
import { useSession } from "../../shell/session";
import {
	Badge,
	Button,
	buttonClass,
	cx,
	Empty,
	ErrorState,
	Icon,
	Notice,
	Panel,
	Skeleton,
	Time,
	ui,
	type Tone,
	scoreTone,
} from "../../ui";
import { Thread, type Focus } from "../inbox/Thread";
import css from "./analysis.module.css";
import { FailureReason, RetryLink } from "./Failures";
import { texts } from "./messages";

const SEVERITY: Record<Report["issues"][number]["severity"], Tone> = {
	low: "grey",
	medium: "amber",
	high: "red",
};

type Show = (evidence: Evidence) => void;

function Quotation({ evidence: e, on, show }: { evidence: Evidence; on: boolean; show: Show }) {
	const t = useT(texts);
	return (
		<button
			type="button"
			className={cx(css.evidence, !e.verified && css.unverified)}
			onClick={() => show(e)}
			disabled={e.messageId === null}
			aria-pressed={on}
			title={e.messageId === null ? undefined : t("evidence.go")}
		>
			<Icon name={e.verified ? "check" : "warning"} />
			<span>
				<q dir="auto">{e.excerpt}</q>
				<small>
					{e.messageId === null
						? t("evidence.noMessage", { id: e.claimedId ?? "–" })
						: e.verified
							? t("evidence.verified")
							: t("evidence.unverified")}
				</small>
			</span>
			{e.messageId !== null && <Icon name="right" />}
		</button>
	);
}

function Points({
	title,
	items,
	empty,
	shown,
	show,
}: {
	title: string;
	items: { key: string; severity?: keyof typeof SEVERITY; notes: string; evidence: Evidence[] }[];
	empty?: string;
	shown: string | null;
	show: Show;
}) {
	const t = useT(texts);
	return (
		<Panel title={title}>
			{items.length === 0 && <p className={ui.muted}>{empty}</p>}
			{items.map((item, i) => (
				<div key={`${item.key}-${i}`} className={css.issue}>
					<div className={ui.row}>
						{item.severity !== undefined && (
							<Badge tone={SEVERITY[item.severity]} icon="warning">
								{t(`severity.${item.severity}`)}
							</Badge>
						)}
						<strong>{item.key}</strong>
					</div>
					<p dir="auto">{item.notes}</p>
					{item.evidence.map((e, k) => (
						<Quotation
							key={k}
							evidence={e}
							show={show}
							on={e.messageId !== null && shown === `${e.messageId}\n${e.excerpt}`}
						/>
					))}
				</div>
			))}
		</Panel>
	);
}

function Made({ analysis: a }: { analysis: NonNullable<AnalysisDetails["analysis"]> }) {
	const t = useT(texts);
	const { language } = useLanguage();
	return (
		<Panel title={t("report.meta")}>
			<dl className={ui.dl}>
				<dt>{t("report.model")}</dt>
				<dd>{a.model ?? "–"}</dd>
				<dt>{t("report.cost")}</dt>
				<dd>{usd(language, a.usage.costUsd)}</dd>
				<dt>{t("report.tokens")}</dt>
				<dd>
					{number(language, a.usage.inputTokens)} / {number(language, a.usage.outputTokens)}
				</dd>
				<dt>{t("report.attempts")}</dt>
				<dd>{number(language, a.usage.attempts)}</dd>
				<dt>{t("report.at")}</dt>
				<dd>
					<Time at={a.processedAt} as="exact" />
				</dd>
				<dt>{t("report.hash")}</dt>
				<dd>
					<code>{a.promptHash ?? "–"}</code>
				</dd>
			</dl>
		</Panel>
	);
}

function ReportView({
	analysis,
	shown,
	show,
}: {
	analysis: NonNullable<AnalysisDetails["analysis"]>;
	shown: string | null;
	show: Show;
}) {
	const t = useT(texts);
	const { language } = useLanguage();
	const r = analysis.report;
	if (r === null) return null;
	return (
		<>
			{analysis.stale && (
				<Notice tone="amber" icon="warning">
					{t("report.stale")}
				</Notice>
			)}
			{analysis.truncated && (
				<Notice tone="amber" icon="warning">
					{t("report.truncated")}
				</Notice>
			)}
			{analysis.evidenceUnverified > 0 && (
				<Notice tone="amber" icon="warning">
					{t("report.unverified", { n: analysis.evidenceUnverified })}
				</Notice>
			)}
			<Panel label={t("score")}>
				<div className={css.verdict}>
					<div className={css.bigScore}>{number(language, r.overallScore)}</div>
					<div className={ui.stack}>
						<div className={ui.row}>
							<Badge tone={scoreTone(r.overallScore)} icon="star">
								{t("score")} {number(language, r.overallScore)}
							</Badge>
							<Badge tone="grey" icon={null}>
								{t(r.temperature)}
							</Badge>
							<span className={cx(ui.small, ui.muted)}>
								{r.scriptKey} {t("v", { n: r.scriptVersion })} · {analysis.model} ·{" "}
								{usd(language, analysis.usage.costUsd)}
							</span>
						</div>
						<p dir="auto">{r.summary}</p>
					</div>
				</div>
			</Panel>
			{r.checklist.length > 0 && (
				<Panel title={t("report.topics")}>
					{r.checklist.map((c) => (
						<div key={c.key} className={css.topic}>
							<span className={c.passed ? css.okMark : css.badMark}>
								<Icon
									name={c.passed ? "check" : "cross"}
									label={c.passed ? t("report.passed") : t("report.notPassed")}
								/>
							</span>
							<strong>{c.label}</strong>
							<span className={ui.num}>{number(language, c.score)}</span>
							{c.notes !== "" && (
								<span className={css.topicNotes} dir="auto">
									{c.notes}
								</span>
							)}
						</div>
					))}
				</Panel>
			)}
			<Points
				title={t("report.issues")}
				items={r.issues}
				empty={t("report.noIssues")}
				shown={shown}
				show={show}
			/>
			{r.highlights.length > 0 && (
				<Points title={t("report.highlights")} items={r.highlights} shown={shown} show={show} />
			)}
			{r.recommendations.length > 0 && (
				<Panel title={t("report.recommendations")}>
					<ul className={css.bullets}>
						{r.recommendations.map((x, i) => (
							<li key={i} dir="auto">
								{x}
							</li>
						))}
					</ul>
				</Panel>
			)}
			<Made analysis={analysis} />
		</>
	);
}

function NotDone({ analysis: a, scriptKey }: { analysis: AnalysisDetails["analysis"]; scriptKey: string }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const { slug, can } = useSession();
	if (a === null)
		return (
			<Empty
				title={t("report.none.title")}
				action={
					can("admin") && (
						<Link className={buttonClass()} href={`/${slug}/avaliacoes/executar`}>
							{t("none.action")}
						</Link>
					)
				}
			>
				{t("report.none.text")}
			</Empty>
		);
	if (a.status === "failed")
		return (
			<Notice tone="red" action={can("admin") && <RetryLink scriptKey={scriptKey} />}>
				<p>
					<strong>{t("report.failed")}</strong> <FailureReason failed={a} />
				</p>
				<p>
					{a.nextRetryAt === null
						? t("report.failed.final")
						: t("report.failed.retry", { at: exactTime(language, new Date(a.nextRetryAt)) })}
				</p>
			</Notice>
		);
	return (
		<Notice tone="blue">{t(a.status === "processing" ? "report.processing" : "report.pending")}</Notice>
	);
}

export function ReportPage({ sessionId }: { sessionId: string }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const { slug } = useSession();
	const search = useSearch();
	const [path, navigate] = useLocation();
	const words = useMemo(() => new URLSearchParams(search), [search]);
	const chosen = words.get("roteiro") ?? "";
	const combo = useMemo(() => comboOf(chosen), [chosen]);
	const details = useQuery({
		queryKey: keys.details(slug, sessionId, combo),
		queryFn: ({ signal }) =>
			api.get("/api/tenant/{slug}/session-analyses/details", {
				path: { slug },
				query: { ...combo, sessionId },
				signal,
			}),
	});
	const message = words.get("mensagem");
	const excerpt = words.get("trecho");
	const asked = useRef(0);
	const focus = useMemo<Focus | null>(
		() => (message === null ? null : { id: message, excerpt, nonce: ++asked.current }),
		[message, excerpt],
	);
	const withWords = useCallback(
		(more: Record<string, string | null>) => {
			const next = new URLSearchParams(search);
			for (const [k, v] of Object.entries(more))
				if (v === null) next.delete(k);
				else next.set(k, v);
			navigate(`${path}?${next.toString()}`);
		},
		[navigate, path, search],
	);
	const show = useCallback<Show>(
		(e) => withWords({ mensagem: e.messageId, trecho: e.excerpt }),
		[withWords],
	);
	const go = useCallback((id: string) => withWords({ mensagem: id, trecho: null }), [withWords]);
	const session = details.data?.session;
	const conversation = session?.conversationId;
	const one = useQuery({
		queryKey: keys.conversation(slug, conversation ?? ""),
		enabled: conversation != null,
		queryFn: ({ signal }) =>
			api.get("/api/conversations/{id}", { path: { id: conversation ?? "" }, signal }),
	});
	const name = one.data?.conversation.lead.pushName ?? null;
	const link = useCallback(
		(id: string) => `/${slug}/conversas/${conversation ?? ""}?mensagem=${id}`,
		[conversation, slug],
	);

	/* Where nothing was asked for, the conversation opens at the first thing that is quoted, or
	   where the session begins. */
	const report = details.data?.analysis?.report;
	const beginning = session?.firstMessageId ?? null;
	const first = useMemo<Focus | null>(() => {
		const e = [...(report?.issues ?? []), ...(report?.highlights ?? [])]
			.flatMap((x) => x.evidence)
			.find((x) => x.messageId !== null);
		const id = e?.messageId ?? beginning;
		return id === null ? null : { id, excerpt: null, nonce: 0 };
	}, [report, beginning]);
	const inInbox = message ?? beginning;
	const shown = message === null ? null : `${message}\n${excerpt ?? ""}`;
	const started = session?.startedAt ?? null;
	return (
		<div className={cx(css.report, message !== null && css.showThread)}>
			<section className={css.reportSide} aria-label={t("report")}>
				<div className={ui.pageHead}>
					<h1>
						{started === null
							? t("report")
							: t("report.session", {
									date: new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(
										new Date(started),
									),
								})}
					</h1>
					<Link
						className={buttonClass()}
						href={`/${slug}/avaliacoes${chosen === "" ? "" : `?roteiro=${encodeURIComponent(chosen)}`}`}
					>
						<Icon name="left" />
						{t("report.back")}
					</Link>
				</div>
				{details.isPending && (
					<Panel>
						<Skeleton lines={10} />
					</Panel>
				)}
				{details.isError && (
					<Panel>
						<ErrorState error={details.error} retry={() => void details.refetch()} />
					</Panel>
				)}
				{details.data?.analysis?.report != null && (
					<ReportView analysis={details.data.analysis} shown={shown} show={show} />
				)}
				{details.data !== undefined && details.data.analysis?.report == null && (
					<NotDone
						analysis={details.data.analysis}
						scriptKey={details.data.combo?.scriptKey ?? ""}
					/>
				)}
			</section>
			<section className={css.threadSide} aria-label={t("report.conversation")}>
				<header className={css.threadHead}>
					<Button
						className={css.onPhone}
						onClick={() => withWords({ mensagem: null, trecho: null })}
					>
						<Icon name="left" />
						{t("report.backToReport")}
					</Button>
					<h2>
						<bdi>
							{name === null
								? t("report.conversation")
								: t("report.conversation.with", { name })}
						</bdi>
					</h2>
					{beginning !== null && (
						<Button onClick={() => go(beginning)}>{t("report.beginning")}</Button>
					)}
					{conversation != null && (
						<Link
							className={buttonClass()}
							href={inInbox === null ? `/${slug}/conversas/${conversation}` : link(inInbox)}
						>
							{t("report.openInbox")}
						</Link>
					)}
				</header>
				{conversation != null && (
					<Thread
						key={conversation}
						conversation={conversation}
						focus={focus ?? first}
						onGo={go}
						link={link}
					/>
				)}
			</section>
		</div>
	);
}
