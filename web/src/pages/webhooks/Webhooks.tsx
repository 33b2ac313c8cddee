/*
 * The journal: what came from WhatsApp and what became of it. What always holds: filters and the
 * entry that is open stand in the address; only what the role may do is offered.
 */
import { useCallback, useMemo, useState } from "react";
import { useLocation, useParams, useSearch } from "wouter";
import { useLanguage, useT } from "../../i18n";
import { exactTime } from "../../lib/format";
import { fromLocalInput, toLocalInput } from "../../lib/localTime";
import { useSession } from "../../shell/session";
import { useShortcuts } from "../../shell/shortcuts";
import { useToast } from "../../shell/toasts";
import { Button, cx, Field, Icon, ui } from "../../ui";
import { Entry } from "./Entry";
import { JournalList } from "./JournalList";
import { FIELDS, keyOr, STATUSES, texts } from "./messages";
import { FailedNotice, ParkedNotice } from "./Parked";
import { ReplayDialog } from "./ReplayDialog";
import { useJournal, type Filters } from "./useJournal";
import css from "./webhooks.module.css";

const NAMES = { status: "situacao", field: "campo", from: "de", to: "ate" } as const;
type Name = keyof typeof NAMES;
type Typed = { target: { value: string } };

/** A word of the address that the server would not know counts as none. */
function known<T extends string>(word: string | null, words: readonly T[]): T | "" {
	return words.find((w) => w === word) ?? "";
}

function time(word: string | null): string {
	return word === null || toLocalInput(word) === "" ? "" : new Date(word).toISOString();
}

function FilterBar({
	filters,
	set,
	clear,
	filtered,
}: {
	filters: Filters;
	set: (to: Record<string, string>) => void;
	clear: () => void;
	filtered: boolean;
}) {
	const t = useT(texts);
	const { can } = useSession();
	const choose = (name: Name) => (e: Typed) => set({ [NAMES[name]]: e.target.value });
	const at = (name: Name) => (e: Typed) => set({ [NAMES[name]]: fromLocalInput(e.target.value) });
	return (
		<div className={css.filters} role="group" aria-label={t("filters")}>
			{can("operator") && (
				<Field label={t("scope")}>
					{(ids) => (
						<select
							{...ids}
							title={t("scope.hint")}
							value={filters.all ? "1" : ""}
							onChange={(e) => set({ todos: e.target.value })}
						>
							<option value="">{t("scope.client")}</option>
							<option value="1">{t("scope.all")}</option>
						</select>
					)}
				</Field>
			)}
			<Field label={t("status")}>
				{(ids) => (
					<select {...ids} value={filters.status} onChange={choose("status")}>
						<option value="">{t("anyStatus")}</option>
						{STATUSES.map((s) => (
							<option key={s} value={s}>
								{t(`status.${s}`)}
							</option>
						))}
					</select>
				)}
			</Field>
			<Field label={t("field")}>
				{(ids) => (
					<select {...ids} value={filters.field} onChange={choose("field")}>
						<option value="">{t("any")}</option>
						{FIELDS.map((f) => (
							<option key={f} value={f}>
								{t(`field.${f}`)}
							</option>
						))}
					</select>
				)}
			</Field>
			<Field label={t("from")}>
				{(ids) => (
					<input
						{...ids}
						type="datetime-local"
						value={toLocalInput(filters.from)}
						onChange={at("from")}
					/>
				)}
			</Field>
			<Field label={t("to")}>
				{(ids) => (
					<input
						{...ids}
						type="datetime-local"
						value={toLocalInput(filters.to)}
						onChange={at("to")}
					/>
				)}
			</Field>
			{filtered && (
				<Button kind="quiet" className={css.clear} onClick={clear}>
					<Icon name="cross" size={12} />
					{t("clear")}
				</Button>
			)}
		</div>
	);
}

function useFilters(search: string, operator: boolean): Filters {
	return useMemo(() => {
		const words = new URLSearchParams(search);
		return {
			status: known(words.get(NAMES.status), STATUSES),
			field: known(words.get(NAMES.field), FIELDS),
			from: time(words.get(NAMES.from)),
			to: time(words.get(NAMES.to)),
			all: operator && words.get("todos") === "1",
		};
	}, [search, operator]);
}

export default function Webhooks() {
	const t = useT(texts);
	const { language } = useLanguage();
	const { slug, can } = useSession();
	const id = useParams<{ id?: string }>().id ?? null;
	const search = useSearch();
	const [, navigate] = useLocation();
	const say = useToast();
	const [follow, setFollow] = useState(true);
	const [asking, setAsking] = useState(false);
	const filters = useFilters(search, can("operator"));
	const list = useJournal(slug, filters, follow);
	const filtered =
		filters.status !== "" || filters.field !== "" || filters.from !== "" || filters.to !== "";

	const hrefOf = useCallback(
		(to: string | null) =>
			`/${slug}/webhooks${to === null ? "" : `/${to}`}${search === "" ? "" : `?${search}`}`,
		[search, slug],
	);
	const set = (to: Record<string, string>) => {
		const next = new URLSearchParams(search);
		for (const [name, value] of Object.entries(to))
			if (value === "") next.delete(name);
			else next.set(name, value);
		const text = next.toString();
		navigate(`/${slug}/webhooks${id === null ? "" : `/${id}`}${text === "" ? "" : `?${text}`}`, {
			replace: true,
		});
	};
	const clear = () => set({ [NAMES.status]: "", [NAMES.field]: "", [NAMES.from]: "", [NAMES.to]: "" });
	const top = () => {
		list.refreshTop().catch(() => undefined);
	};
	const refresh = () => {
		list.refreshTop().then(
			() => say(t("refreshed")),
			() => say(t("notRefreshed"), true),
		);
	};
	const describe = [
		filters.status === "" ? "" : t(keyOr(`status.${filters.status}`, "status")),
		filters.field === "" ? "" : t(keyOr(`field.${filters.field}`, "field")),
		filters.from === ""
			? ""
			: `${t("from").toLowerCase()} ${exactTime(language, new Date(filters.from))}`,
		filters.to === "" ? "" : `${t("to").toLowerCase()} ${exactTime(language, new Date(filters.to))}`,
		filters.all ? t("scope.all").toLowerCase() : "",
	]
		.filter((w) => w !== "")
		.join(" · ");

	useShortcuts((command) => {
		if (command === "close") {
			if (id === null) return false;
			navigate(hrefOf(null));
			return true;
		}
		if (command !== "next" && command !== "previous") return false;
		const at = list.rows.findIndex((r) => r.id === id);
		const to = list.rows[at < 0 ? 0 : at + (command === "next" ? 1 : -1)];
		if (to !== undefined) navigate(hrefOf(to.id), { replace: id !== null });
		return true;
	});
	return (
		<div className={cx(css.page, id !== null && css.hasEntry)}>
			<header className={css.head}>
				<div className={ui.pageHead}>
					<h1>{t("title")}</h1>
					<div className={ui.row}>
						<Button
							aria-pressed={follow}
							className={cx(follow && css.following)}
							onClick={() => setFollow(!follow)}
						>
							<Icon name={follow ? "check" : "off"} size={12} />
							{t("tail")}
						</Button>
						<Button onClick={refresh} disabled={list.refreshing}>
							<Icon name="moving" size={12} />
							{t("refresh")}
						</Button>
						{can("admin") && (
							<Button onClick={() => setAsking(true)} disabled={list.rows.length === 0}>
								{t(filtered ? "replay.set" : "replay.all")}
							</Button>
						)}
					</div>
				</div>
				<FailedNotice
					filters={filters}
					show={() =>
						set({
							[NAMES.status]: "failed",
							[NAMES.field]: "",
							[NAMES.from]: "",
							[NAMES.to]: "",
						})
					}
				/>
				<ParkedNotice
					filters={filters}
					show={() =>
						set({
							todos: "1",
							[NAMES.status]: "parked",
							[NAMES.field]: "",
							[NAMES.from]: "",
							[NAMES.to]: "",
						})
					}
				/>
				<FilterBar filters={filters} set={set} clear={clear} filtered={filtered} />
			</header>
			<JournalList list={list} selected={id} hrefOf={hrefOf} filtered={filtered} clear={clear} />
			{id !== null && (
				<aside className={css.entry} aria-label={t("id")}>
					{/* Where there is no room for both, the list and its title are not shown. */}
					<h1 className={cx("sr-only", css.onPhone)}>{t("title")}</h1>
					<Button kind="quiet" className={css.back} onClick={() => navigate(hrefOf(null))}>
						<Icon name="left" />
						<span className={css.onPhone}>{t("backToList")}</span>
						<span className={css.onDesk}>{t("closeDetail")}</span>
					</Button>
					<Entry id={id} key={id} onReplayed={top} />
				</aside>
			)}
			{asking && (
				<ReplayDialog
					filters={filters}
					describe={describe}
					onReplayed={top}
					onClose={() => setAsking(false)}
				/>
			)}
		</div>
	);
}
