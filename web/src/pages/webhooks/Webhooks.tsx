/*
 * The journal: what came, what became of it, and doing it again. What always holds: a filtered set
 * is counted before it is applied again, and the number is shown before one says yes.
 */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation, useParams, useSearch } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { WebhookEvent } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { bytes, exactTime } from "../../lib/format";
import { mergeFirstPage, type ListPage } from "../../lib/listMerge";
import { FIELDS, journalFilters, replayBody, STATUSES, type JournalFilters } from "../../lib/replay";
import { useEvents } from "../../shell/live";
import { useSession } from "../../shell/session";
import { useShortcuts } from "../../shell/shortcuts";
import { useToast } from "../../shell/toasts";
import { Badge, Button, buttonClass, Check, CopyButton, cx, Empty, ErrorState, FormError, Icon, Notice, Page, Panel, Skeleton, Time, ui, type Tone } from "../../ui";
import { Dialog } from "../../ui/dialog";
import { JobProgress, useJob } from "../JobProgress";
import { texts } from "./messages";
import css from "./webhooks.module.css";

const TONE: Record<WebhookEvent["status"], Tone> = {
	received: "blue", applied: "green", applied_with_problems: "amber", parked: "amber", retrying: "amber", failed: "red", ignored: "grey",
};
const PAGE = 50;
const COUNT_PAGE = 200;
const MOST_COUNTED = 10_000;
const GATHER_MS = 500;

async function load(slug: string, everyone: boolean, f: JournalFilters, cursor: string | null, limit: number): Promise<ListPage<WebhookEvent>> {
	const query = { ...f, limit, cursor: cursor ?? undefined };
	const page = everyone ? await api.get("/api/webhook-events", { query })
		: await api.get("/api/clients/{slug}/webhook-events", { path: { slug }, query });
	return { rows: page.data, next: page.nextCursor };
}

function EventBadge({ status }: { status: WebhookEvent["status"] }) {
	const t = useT(texts);
	return <Badge tone={TONE[status]}>{t(`status.${status}`)}</Badge>;
}

function fieldName(t: (key: keyof typeof texts) => string, field: string): string {
	const key = `field.${field}`;
	return key in texts ? t(key as keyof typeof texts) : field;
}

function ReplayDialog({ filters, everyone, onClose, onJob }:
	{ filters: JournalFilters; everyone: boolean; onClose: () => void; onJob: (id: string) => void }) {
	const t = useT(texts);
	const { slug } = useSession();
	const say = useToast();
	const [count, setCount] = useState(0);
	const [counted, setCounted] = useState(false);
	const [error, setError] = useState<unknown>(null);

	useEffect(() => {
		let stopped = false;
		const run = async () => {
			let cursor: string | null = null;
			let n = 0;
			do {
				const page: ListPage<WebhookEvent> = await load(slug, everyone, filters, cursor, COUNT_PAGE);
				if (stopped) return;
				n += page.rows.length;
				setCount(n);
				cursor = page.next;
			} while (cursor !== null && n < MOST_COUNTED);
			setCounted(true);
		};
		run().catch((e: unknown) => { if (!stopped) setError(e); });
		return () => { stopped = true; };
	}, [slug, everyone, filters]);
	const replay = useMutation({
		mutationFn: () => {
			const body = replayBody(filters);
			return everyone ? api.post("/api/webhook-events/replay", { body })
				: api.post("/api/clients/{slug}/webhook-events/replay", { path: { slug }, body });
		},
		onSuccess: (answer) => {
			say(t("replay.started", { n: answer.count }));
			onJob(answer.job.id);
			onClose();
		},
	});
	return (
		<Dialog open onClose={onClose} title={t("replay.title")} description={t("replay.safe")} foot={
			<Button kind="primary" onClick={() => replay.mutate()} disabled={!counted || count === 0 || replay.isPending}>{t("replay.go")}</Button>
		}>
			<p role="status" className={css.count}>
				{!counted ? t("replay.counting", { n: count })
					: count === 0 ? t("replay.none") : t(count >= MOST_COUNTED ? "replay.most" : "replay.count", { n: count })}
			</p>
			<FormError error={error ?? replay.error} />
		</Dialog>
	);
}

function ReplayJob({ id }: { id: string }) {
	const t = useT(texts);
	const job = useJob(id);
	return (
		<Panel title={t("replay.job")}>
			{job.isPending && <Skeleton lines={2} />}
			{job.isError && <ErrorState error={job.error} retry={() => void job.refetch()} />}
			{job.data !== undefined && <JobProgress job={job.data.job} />}
		</Panel>
	);
}

function One({ id }: { id: string }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const { slug, can } = useSession();
	const cache = useQueryClient();
	const say = useToast();
	const [job, setJob] = useState<string | null>(null);
	const one = useQuery({
		queryKey: keys.webhook(slug, id),
		queryFn: ({ signal }) => api.get("/api/webhook-events/{id}", { path: { id }, signal }),
	});
	const replay = useMutation({
		mutationFn: () => api.post("/api/webhook-events/{id}/replay", { path: { id } }),
		onSuccess: (answer) => {
			say(t("replay.started", { n: answer.count }));
			setJob(answer.job.id);
			void cache.invalidateQueries({ queryKey: keys.webhook(slug, id) });
		},
	});
	const e = one.data?.webhookEvent;
	const payload = useMemo(() => (e?.payload == null ? null : JSON.stringify(e.payload, null, 2)), [e]);
	const back = <Link className={buttonClass()} href={`/${slug}/webhooks`}><Icon name="left" />{t("back")}</Link>;
	if (one.isError) return <Page title={t("title")} action={back}><Panel><ErrorState error={one.error} retry={() => void one.refetch()} /></Panel></Page>;
	if (e === undefined) return <Page title={t("title")} action={back}><Panel><Skeleton lines={10} /></Panel></Page>;
	return (
		<Page title={t("entry", { at: exactTime(language, new Date(e.receivedAt)) })} action={back}>
			{job !== null && <ReplayJob id={job} />}
			<Panel title={t("details")} action={can("admin") && <Button kind="primary" onClick={() => replay.mutate()} disabled={replay.isPending}>{t("replayOne")}</Button>}>
				<div className={ui.stack}>
					<FormError error={replay.error} />
					{e.error !== null && <Notice tone="red">{e.error}</Notice>}
					<dl className={ui.dl}>
						<dt>{t("status")}</dt><dd><EventBadge status={e.status} /></dd>
						<dt>{t("field")}</dt><dd>{e.fields.map((f) => fieldName(t, f)).join(", ")}</dd>
						<dt>{t("number")}</dt><dd>{e.phoneNumberId ?? "–"}</dd>
						<dt>{t("received")}</dt><dd><Time at={e.receivedAt} as="exact" /></dd>
						<dt>{t("applied")}</dt><dd><Time at={e.appliedAt} as="exact" /></dd>
						<dt>{t("attempts")}</dt><dd>{e.attempts}</dd>
						{e.nextAttemptAt !== null && <><dt>{t("next")}</dt><dd><Time at={e.nextAttemptAt} /></dd></>}
						<dt>{t("size")}</dt><dd>{bytes(language, e.bytes)}</dd>
					</dl>
				</div>
			</Panel>
			<Panel title={t("problems")}>
				{e.problems.length === 0 ? <p className={ui.muted}>{t("problems.none")}</p>
					: <ul className={ui.stack}>{e.problems.map((p, i) => <li key={i}><code>{typeof p === "string" ? p : JSON.stringify(p)}</code></li>)}</ul>}
			</Panel>
			<Panel title={t("payload")} action={payload !== null && <CopyButton text={payload} />}>
				{payload === null ? <p className={ui.muted}>{t("payload.none")}</p>
					// eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolled region must be reachable by key
					: <pre className={ui.code} tabIndex={0}>{payload}</pre>}
			</Panel>
		</Page>
	);
}

function Journal() {
	const t = useT(texts);
	const { language } = useLanguage();
	const { slug, can } = useSession();
	const search = useSearch();
	const [path, navigate] = useLocation();
	const cache = useQueryClient();
	const [asking, setAsking] = useState(false);
	const [fresh, setFresh] = useState(false);
	const words = useMemo(() => new URLSearchParams(search), [search]);
	const filters = useMemo(() => journalFilters(words), [words]);
	const everyone = can("operator") && words.get("todos") === "1";
	const tail = words.get("acompanhar") !== "0";
	const job = words.get("job");
	const set = (name: string, value: string) => {
		const next = new URLSearchParams(search);
		if (value === "") next.delete(name);
		else next.set(name, value);
		navigate(`${path}?${next.toString()}`, { replace: true });
	};
	const key = useMemo(() => keys.webhooks(slug, { ...filters, everyone }), [slug, filters, everyone]);
	const list = useInfiniteQuery({
		queryKey: key,
		queryFn: ({ pageParam }) => load(slug, everyone, filters, pageParam, PAGE),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
	});
	const top = () => {
		setFresh(false);
		load(slug, everyone, filters, null, PAGE).then((page) => {
			cache.setQueryData<InfiniteData<ListPage<WebhookEvent>, string | null>>(key, (old) =>
				old === undefined ? old : { ...old, pages: mergeFirstPage(old.pages, page) });
		}, () => setFresh(true));
	};
	const timer = useRef<number | null>(null);
	useEffect(() => () => { if (timer.current !== null) window.clearTimeout(timer.current); }, []);
	useEvents((e) => {
		if (e !== "reset" && e.kind !== "webhook_events.changed") return;
		if (!tail) return setFresh(true);
		timer.current ??= window.setTimeout(() => {
			timer.current = null;
			top();
		}, GATHER_MS);
	});
	const rows = list.data?.pages.flatMap((p) => p.rows) ?? [];
	const filtered = Object.values(filters).some((v) => v !== undefined);
	const focusRow = (step: number) => {
		const links = [...document.querySelectorAll<HTMLAnchorElement>("[data-journal] a")];
		const at = links.findIndex((a) => a === document.activeElement);
		links[Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
		return true;
	};
	useShortcuts((c) => (c === "next" ? focusRow(1) : c === "previous" ? focusRow(-1) : false));
	return (
		<Page title={t("title")} action={can("admin") && <Button onClick={() => setAsking(true)}>{t("replayAll")}</Button>}>
			<p className={ui.muted}>{t("intro")}</p>
			{job !== null && <ReplayJob id={job} />}
			<div className={css.filters}>
				<label className={ui.field}><span className={ui.small}>{t("status")}</span>
					<select className={ui.input} value={filters.status ?? ""} onChange={(e) => set("estado", e.target.value)}>
						<option value="">{t("all")}</option>
						{STATUSES.map((s) => <option key={s} value={s}>{t(`status.${s}`)}</option>)}
					</select>
				</label>
				<label className={ui.field}><span className={ui.small}>{t("field")}</span>
					<select className={ui.input} value={filters.field ?? ""} onChange={(e) => set("campo", e.target.value)}>
						<option value="">{t("all")}</option>
						{FIELDS.map((s) => <option key={s} value={s}>{t(`field.${s}`)}</option>)}
					</select>
				</label>
				<label className={ui.field}><span className={ui.small}>{t("from")}</span>
					<input className={ui.input} type="datetime-local" value={words.get("de") ?? ""} onChange={(e) => set("de", e.target.value)} />
				</label>
				<label className={ui.field}><span className={ui.small}>{t("to")}</span>
					<input className={ui.input} type="datetime-local" value={words.get("ate") ?? ""} onChange={(e) => set("ate", e.target.value)} />
				</label>
				<Check label={t("tail")} checked={tail} onChange={(e) => set("acompanhar", e.target.checked ? "" : "0")} />
				{can("operator") && <Check label={t("everyone")} checked={everyone} onChange={(e) => set("todos", e.target.checked ? "1" : "")} />}
			</div>
			{fresh && <Button onClick={top}>{t("fresh")}</Button>}
			<Panel label={t("title")}>
				{list.isPending && <Skeleton lines={10} />}
				{list.isError && rows.length === 0 && <ErrorState error={list.error} retry={() => void list.refetch()} />}
				{list.isSuccess && rows.length === 0 && (filtered
					? <Empty title={t("filtered.title")} action={<Button onClick={() => navigate(path, { replace: true })}>{t("clear")}</Button>} />
					: <Empty title={t("empty.title")}>{t("empty.text")}</Empty>)}
				{rows.length > 0 && (
					<div className={ui.tableWrap} data-journal>
						<table className={ui.table}>
							<thead><tr>
								<th scope="col">{t("received")}</th><th scope="col">{t("status")}</th><th scope="col">{t("field")}</th>
								<th scope="col" className={ui.num}>{t("attempts")}</th><th scope="col" className={ui.num}>{t("size")}</th>
								<th scope="col">{t("error")}</th>
							</tr></thead>
							<tbody>
								{rows.map((e) => (
									<tr key={e.id}>
										<td className={css.at}><Link href={`/${slug}/webhooks/${e.id}`}><Time at={e.receivedAt} as="exact" /></Link></td>
										<td><EventBadge status={e.status} /></td>
										<td>{e.fields.map((f) => fieldName(t, f)).join(", ")}</td>
										<td className={ui.num}>{e.attempts}</td><td className={ui.num}>{bytes(language, e.bytes)}</td>
										<td className={cx(css.error, ui.small)}>{e.error ?? (e.problems.length > 0 ? `${t("problems")}: ${e.problems.length}` : "–")}</td>
									</tr>
								))}
							</tbody>
						</table>
					</div>
				)}
				{list.hasNextPage && <div className={css.more}><Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>{t("more")}</Button></div>}
			</Panel>
			{asking && <ReplayDialog filters={filters} everyone={everyone} onClose={() => setAsking(false)} onJob={(id) => set("job", id)} />}
		</Page>
	);
}

export default function Webhooks() {
	const id = useParams<{ id?: string }>().id;
	return id === undefined ? <Journal /> : <One key={id} id={id} />;
}
