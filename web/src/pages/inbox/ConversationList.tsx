/* The left column: search, filters, and a list of which only what is in view is in the document. */
import { useVirtualizer } from "@tanstack/react-virtual";
import {
	memo,
	useCallback,
	useEffect,
	useLayoutEffect,
	useRef,
	useState,
	type MouseEvent,
	type RefObject,
} from "react";
import { Link, useLocation } from "wouter";
import type { Connection } from "../../api/types";
import { useT } from "../../i18n";
import { phone } from "../../lib/format";
import { useSession } from "../../shell/session";
import { buttonClass, Button, cx, Empty, ErrorState, Icon, Skeleton, Time, ui } from "../../ui";
import css from "./inbox.module.css";
import { texts, typeKey } from "./messages";
import { FILTERS, type Filters, type Row, type useConversations } from "./useConversations";

const ROW_PX = 64;
/* Rows that are drawn at once. */
const BLOCK = 20;
/* A page is asked for when so few rows are left below. */
const AHEAD = 50;
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
	onOpen: (e: MouseEvent<HTMLAnchorElement>) => void;
}

/* Only those that come into view are drawn as one scrolls, so of each as little as possible is. */
const Item = memo(function Item({ row, on, href, onOpen }: ItemProps) {
	const t = useT(texts);
	return (
		<div role="listitem" className={css.item}>
			<a
				href={href}
				onClick={onOpen}
				className={cx(css.itemLink, on && css.itemOn)}
				{...(on ? { "aria-current": "true" as const } : {})}
			>
				<span className={css.itemTop}>
					<bdi className={css.name}>{row.name ?? phone(row.phone)}</bdi>
					<Time at={row.at} as="list" className={css.when} />
				</span>
				<span className={css.itemBottom}>
					<Line row={row} />
					{row.hasHistory && <span className={css.tag}>{t("history")}</span>}
					{row.unread > 0 && (
						<span className={css.count} role="img" aria-label={t("unread", { n: row.unread })}>
							{row.unread > 99 ? "99+" : row.unread}
						</span>
					)}
				</span>
			</a>
		</div>
	);
});

interface BlockProps {
	rows: readonly Row[];
	first: number;
	selected: string | null;
	hrefOf: (id: string) => string;
	onOpen: (e: MouseEvent<HTMLAnchorElement>) => void;
}

/* Some rows that come and go together, so that most frames of a scroll draw nothing at all. */
const Block = memo(function Block({ rows, first, selected, hrefOf, onOpen }: BlockProps) {
	/* Set here, not as an attribute: the page's policy allows no inline style in markup. */
	const place = useCallback(
		(block: HTMLDivElement | null) => {
			if (block !== null) block.style.transform = `translateY(${first * ROW_PX}px)`;
		},
		[first],
	);
	return (
		<div ref={place} className={css.block}>
			{rows.slice(first, first + BLOCK).map((row) => (
				<Item key={row.id} row={row} on={row.id === selected} href={hrefOf(row.id)} onOpen={onOpen} />
			))}
		</div>
	);
});

/* Follows a link within the page; one for another tab or window is the browser's. */
function useOpen(): (e: MouseEvent<HTMLAnchorElement>) => void {
	const [, navigate] = useLocation();
	return useCallback(
		(e) => {
			const isPlain = e.button === 0 && !(e.metaKey || e.ctrlKey || e.shiftKey || e.altKey);
			const href = e.currentTarget.getAttribute("href");
			if (!isPlain || href === null) return;
			e.preventDefault();
			navigate(href);
		},
		[navigate],
	);
}

/* As far as needed, and not at all where it is in view. */
function showBetween(box: HTMLElement, top: number, bottom: number): void {
	if (box.scrollTop > top) box.scrollTop = top;
	else if (box.scrollTop + box.clientHeight < bottom) box.scrollTop = bottom - box.clientHeight;
}

/* What moves as one scrolls, and nothing else. */
function Rows({
	box,
	list,
	selected,
	hrefOf,
}: {
	box: RefObject<HTMLDivElement | null>;
	list: ReturnType<typeof useConversations>;
	selected: string | null;
	hrefOf: (id: string) => string;
}) {
	const inner = useRef<HTMLDivElement>(null);
	const { rows, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
	const open = useOpen();
	const virtual = useVirtualizer({
		count: Math.ceil(rows.length / BLOCK),
		getScrollElement: () => box.current,
		estimateSize: () => BLOCK * ROW_PX,
		overscan: 1,
	});
	const blocks = virtual.getVirtualItems();
	const last = ((blocks.at(-1)?.index ?? -1) + 1) * BLOCK;

	useLayoutEffect(() => {
		if (inner.current !== null) inner.current.style.height = `${rows.length * ROW_PX}px`;
	}, [rows.length]);
	useEffect(() => {
		if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError && last >= rows.length - AHEAD)
			void fetchNextPage();
	}, [last, rows.length, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
	useEffect(() => {
		const at = rows.findIndex((r) => r.id === selected);
		if (at >= 0 && box.current !== null) showBetween(box.current, at * ROW_PX, (at + 1) * ROW_PX);
		// Only when the choice changes: the list moving under one is no reason to scroll.
		// eslint-disable-next-line react-hooks/exhaustive-deps
	}, [selected]);
	if (rows.length === 0) return null;
	return (
		<div ref={inner} role="list" className={css.items}>
			{blocks.map(({ index }) => (
				<Block
					key={index}
					rows={rows}
					first={index * BLOCK}
					selected={selected}
					hrefOf={hrefOf}
					onOpen={open}
				/>
			))}
		</div>
	);
}

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
	const { rows, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;

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
				<Rows box={box} list={list} selected={selected} hrefOf={hrefOf} />
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
