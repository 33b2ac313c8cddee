/* The journal, newest first, of which only what is in view is in the document. */
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { WebhookEvent } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { bytes } from "../../lib/format";
import { Button, cx, Empty, ErrorState, Icon, Skeleton, Time, buttonClass } from "../../ui";
import { useSession } from "../../shell/session";
import { keyOr, texts } from "./messages";
import { StatusBadge } from "./StatusBadge";
import type { useJournal } from "./useJournal";
import css from "./webhooks.module.css";

const ROW_PX = 56;

function Row({ entry: e, on, href, top }: { entry: WebhookEvent; on: boolean; href: string; top: number }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const item = useRef<HTMLLIElement>(null);
	const fields = e.fields.map((f) => t(keyOr(`field.${f}`, "field.other"))).join(", ");

	useEffect(() => {
		/* Set here, not as an attribute: the page's policy allows no inline style in markup. */
		if (item.current !== null) item.current.style.transform = `translateY(${top}px)`;
	}, [top]);
	return (
		<li ref={item} className={css.item} data-row>
			<Link
				href={href}
				className={cx(css.row, on && css.on)}
				{...(on ? { "aria-current": "true" as const } : {})}
			>
				<span className={css.status}>
					<StatusBadge status={e.status} />
				</span>
				<span className={css.fields}>{fields === "" ? "–" : fields}</span>
				<span className={css.number}>{e.phoneNumberId ?? t("noNumber")}</span>
				<span className={cx(css.notes, e.problems.length > 0 && css.bad)}>
					{e.problems.length > 0 && (
						<>
							<Icon name="warning" size={12} />
							{t("problemsN", { n: e.problems.length })}
						</>
					)}
				</span>
				<span className={css.attempts}>{t("attemptsN", { n: e.attempts })}</span>
				<span className={css.size}>{bytes(language, e.bytes)}</span>
				<span className={css.when}>
					<Time at={e.receivedAt} as="exact" />
				</span>
			</Link>
		</li>
	);
}

/** How long entries are kept; only the operator may read for how many days. */
function Kept() {
	const t = useT(texts);
	const { can } = useSession();
	const settings = useQuery({
		queryKey: keys.settings,
		enabled: can("operator"),
		queryFn: async ({ signal }) => (await api.get("/api/settings", { signal })).settings,
	});
	const days = Number(settings.data?.["JOURNAL_RETENTION_DAYS"]);
	return <span>{days > 0 ? t("kept.days", { n: days }) : t("kept")}</span>;
}

export function JournalList({
	list,
	selected,
	hrefOf,
	filtered,
	clear,
}: {
	list: ReturnType<typeof useJournal>;
	selected: string | null;
	hrefOf: (id: string) => string;
	filtered: boolean;
	clear: () => void;
}) {
	const t = useT(texts);
	const { slug } = useSession();
	const box = useRef<HTMLDivElement>(null);
	const inner = useRef<HTMLUListElement>(null);
	const { rows, hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError } = list;
	const virtual = useVirtualizer({
		count: rows.length,
		getScrollElement: () => box.current,
		estimateSize: () => ROW_PX,
		overscan: 8,
		getItemKey: (i) => rows[i]?.id ?? i,
	});
	const last = virtual.getVirtualItems().at(-1)?.index ?? 0;
	const size = virtual.getTotalSize();
	const mayLoad = hasNextPage && !isFetchingNextPage && !isFetchNextPageError;

	useEffect(() => {
		if (inner.current !== null) inner.current.style.height = `${size}px`;
	}, [size]);
	useEffect(() => {
		if (mayLoad && last >= rows.length - 30) void fetchNextPage();
	}, [last, rows.length, mayLoad, fetchNextPage]);
	useEffect(() => {
		const at = rows.findIndex((r) => r.id === selected);
		if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
		// Only when the choice changes: the list moving under one is no reason to scroll.
		// eslint-disable-next-line react-hooks/exhaustive-deps
	}, [selected]);
	return (
		<section className={css.list} aria-label={t("list")}>
			<div ref={box} className={css.box} data-testid="journal">
				{list.isPending && (
					<div className={css.pad}>
						<Skeleton lines={12} />
					</div>
				)}
				{list.isError && rows.length === 0 && (
					<ErrorState error={list.error} retry={() => void list.refetch()} />
				)}
				{list.isSuccess &&
					rows.length === 0 &&
					(filtered ? (
						<Empty
							title={t("empty.filtered.title")}
							action={<Button onClick={clear}>{t("clear")}</Button>}
						>
							{t("empty.filtered.text")}
						</Empty>
					) : (
						<Empty
							title={t("empty.title")}
							action={
								<Link className={buttonClass()} href={`/${slug}/whatsapp`}>
									{t("empty.action")}
								</Link>
							}
						>
							{t("empty.text")}
						</Empty>
					))}
				<ul ref={inner} className={css.items}>
					{virtual.getVirtualItems().map((v) => {
						const entry = rows[v.index];
						if (entry === undefined) return null;
						const on = entry.id === selected;
						return (
							<Row key={entry.id} entry={entry} top={v.start} on={on} href={hrefOf(entry.id)} />
						);
					})}
				</ul>
				{isFetchNextPageError && <ErrorState error={list.error} retry={() => void fetchNextPage()} />}
			</div>
			{rows.length > 0 && (
				<p className={css.foot}>
					<span role="status">{t(hasNextPage ? "loaded" : "loadedAll", { n: rows.length })}</span>
					<Kept />
				</p>
			)}
		</section>
	);
}
