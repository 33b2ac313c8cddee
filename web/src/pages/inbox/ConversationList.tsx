/* The left column: search, filters, and a list of which only what is in view is in the document. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import type { Connection } from "../../api/types";
import { useT } from "../../i18n";
import { phone } from "../../lib/format";
import { useSession } from "../../shell/session";
import { buttonClass, Button, cx, Empty, ErrorState, Icon, Skeleton, Time, ui } from "../../ui";
import css from "./inbox.module.css";
import { texts, typeKey } from "./messages";
import { FILTERS, type Filters, type Row, type useConversations } from "./useConversations";

const ROW_PX = 64;
const TYPING_MS = 250;

function Line({ row }: { row: Row }) {
	const t = useT(texts);
	const text = row.line ?? (row.type === null ? "" : t(typeKey(row.type), { type: row.type }));
	return (
		<span className={css.line}>
			{row.outbound && <span className={css.you}>{t("you")}</span>}
			<bdi>{text}</bdi>
		</span>
	);
}

interface ItemProps {
	row: Row;
	on: boolean;
	href: string;
	top: number;
}

/* Only those that come into view are drawn as one scrolls. */
const Item = memo(function Item({ row, on, href, top }: ItemProps) {
	const t = useT(texts);
	const item = useRef<HTMLLIElement>(null);

	useEffect(() => {
		/* Set here, not as an attribute: the page's policy allows no inline style in markup. */
		if (item.current !== null) item.current.style.transform = `translateY(${top}px)`;
	}, [top]);
	return (
		<li ref={item} className={css.item}>
			<Link
				href={href}
				className={cx(css.itemLink, on && css.itemOn)}
				{...(on ? { "aria-current": "true" as const } : {})}
			>
				<span className={css.itemTop}>
					<bdi className={css.name}>{row.name ?? phone(row.phone)}</bdi>
					<span className={css.when}>
						<Time at={row.at} as="list" />
					</span>
				</span>
				<span className={css.itemBottom}>
					<Line row={row} />
					{row.hasHistory && <span className={css.tag}>{t("history")}</span>}
					{row.unread > 0 && (
						<span className={css.count}>
							<span aria-hidden>{row.unread > 99 ? "99+" : row.unread}</span>
							<span className="sr-only">{t("unread", { n: row.unread })}</span>
						</span>
					)}
				</span>
			</Link>
		</li>
	);
});

export function Search({ value, onChange }: { value: string; onChange: (to: string) => void }) {
	const t = useT(texts);
	const [text, setText] = useState(value);
	const latest = useRef(value);

	if (latest.current !== value) {
		latest.current = value;
		if (text.trim() !== value) setText(value);
	}
	useEffect(() => {
		if (text.trim() === latest.current) return;
		const timer = window.setTimeout(() => onChange(text.trim()), TYPING_MS);
		return () => window.clearTimeout(timer);
	}, [text, onChange]);
	return (
		<div className={css.search}>
			<Icon name="search" />
			<input
				type="search"
				className={ui.input}
				value={text}
				maxLength={200}
				placeholder={t("search")}
				aria-label={t("search")}
				onChange={(e) => setText(e.target.value)}
			/>
		</div>
	);
}

/* Why the list is empty, and what one can do. */
function Nothing({ filters, setFilters }: { filters: Filters; setFilters: (to: Partial<Filters>) => void }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { filter, q, connectionId } = filters;
	const whatsapp = (label: string, kind?: "primary") => (
		<Link className={buttonClass(kind)} href={`/${slug}/whatsapp`}>
			{label}
		</Link>
	);
	if (q !== "" || connectionId !== "")
		return (
			<Empty
				title={t("empty.filtered.title")}
				action={
					<Button onClick={() => setFilters({ q: "", filter: "all", connectionId: "" })}>
						{t("empty.filtered.action")}
					</Button>
				}
			>
				{t("empty.filtered.text")}
			</Empty>
		);
	const action =
		filter === "all"
			? whatsapp(t("empty.all.action"), "primary")
			: filter === "history" && whatsapp(t("empty.history.action"));
	return (
		<Empty title={t(`empty.${filter}.title`)} action={action}>
			{t(`empty.${filter}.text`)}
		</Empty>
	);
}

export function ConversationList({
	list,
	filters,
	setFilters,
	selected,
	hrefOf,
	connections,
}: {
	list: ReturnType<typeof useConversations>;
	filters: Filters;
	setFilters: (to: Partial<Filters>) => void;
	selected: string | null;
	hrefOf: (id: string) => string;
	connections: Connection[];
}) {
	const t = useT(texts);
	const box = useRef<HTMLDivElement>(null);
	const inner = useRef<HTMLUListElement>(null);
	const { rows, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
	const virtual = useVirtualizer({
		count: rows.length,
		getScrollElement: () => box.current,
		estimateSize: () => ROW_PX,
		overscan: 8,
	});
	const items = virtual.getVirtualItems();
	const last = items.at(-1)?.index ?? 0;
	const size = virtual.getTotalSize();

	useEffect(() => {
		if (inner.current !== null) inner.current.style.height = `${size}px`;
	}, [size]);
	useEffect(() => {
		if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError && last >= rows.length - 30)
			void fetchNextPage();
	}, [last, rows.length, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
	useEffect(() => {
		const at = rows.findIndex((r) => r.id === selected);
		if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
		// Only when the choice changes: the list moving under one is no reason to scroll.
		// eslint-disable-next-line react-hooks/exhaustive-deps
	}, [selected]);

	return (
		<section className={css.listColumn} aria-label={t("list")}>
			<div className={css.listHead}>
				<Search value={filters.q} onChange={(q) => setFilters({ q })} />
				<div className={css.filters} role="group" aria-label={t("filters")}>
					{FILTERS.map((f) => (
						<button
							key={f}
							type="button"
							className={css.filter}
							aria-pressed={filters.filter === f}
							onClick={() => setFilters({ filter: f })}
						>
							{t(`filter.${f}`)}
						</button>
					))}
				</div>
				{connections.length > 1 && (
					<select
						className={ui.input}
						aria-label={t("connection")}
						value={filters.connectionId}
						onChange={(e) => setFilters({ connectionId: e.target.value })}
					>
						<option value="">{t("connection.all")}</option>
						{connections.map((c) => (
							<option key={c.id} value={c.id}>
								{c.kind === "helpdesk"
									? t("connection.helpdesk")
									: `${phone(c.displayPhoneNumber)} ${c.verifiedName ?? ""}`}
							</option>
						))}
					</select>
				)}
			</div>
			<div ref={box} className={css.listBox} data-testid="conversations">
				{list.isPending && (
					<div className={css.pad}>
						<Skeleton lines={12} />
					</div>
				)}
				{list.isError && rows.length === 0 && (
					<ErrorState error={list.error} retry={() => void list.refetch()} />
				)}
				{list.isSuccess && rows.length === 0 && <Nothing filters={filters} setFilters={setFilters} />}
				<ul ref={inner} className={css.items}>
					{items.map((v) => {
						const row = rows[v.index];
						return row === undefined ? null : (
							<Item
								key={row.id}
								row={row}
								top={v.start}
								on={row.id === selected}
								href={hrefOf(row.id)}
							/>
						);
					})}
				</ul>
				{isFetchNextPageError && <ErrorState error={list.error} retry={() => void fetchNextPage()} />}
				{isFetchingNextPage && (
					<div className={css.edge} role="status">
						{t("list.more")}
					</div>
				)}
			</div>
		</section>
	);
}
