/*
 * The pieces that pages are put together from. What always holds: a state is told by a mark, a
 * word and a colour, never by colour alone; an error stays in its panel and says what to do; text
 * that came from outside is passed as text and may be of any length.
 */
import { useEffect, useId, useRef, useState, type ComponentProps, type ReactNode } from "react";
import { Link } from "wouter";
import { ApiError, type ProblemField } from "../api/client";
import { common } from "../i18n/common";
import { useLanguage, useT, type Translate } from "../i18n";
import { copyText } from "../lib/clipboard";
import { exactTime, listTime, relativeTime } from "../lib/format";
import { useNow } from "./clock";
import { Icon, type IconName } from "./icons";
import css from "./ui.module.css";

export { css as ui };
export { Icon } from "./icons";

export function cx(...names: (string | false | null | undefined)[]): string {
	return names.filter((n) => typeof n === "string" && n !== "").join(" ");
}

type Kind = "plain" | "primary" | "danger" | "quiet";

export function buttonClass(kind: Kind = "plain", iconOnly = false): string {
	return cx(css.button, kind !== "plain" && css[kind], iconOnly && css.icon);
}

export function Button({
	kind = "plain",
	iconOnly = false,
	className,
	type = "button",
	...rest
}: ComponentProps<"button"> & { kind?: Kind; iconOnly?: boolean }) {
	return <button type={type} className={cx(buttonClass(kind, iconOnly), className)} {...rest} />;
}

export type Tone = "amber" | "blue" | "green" | "red" | "grey" | "accent";

const TONE_ICON: Record<Tone, IconName> = {
	amber: "clock",
	blue: "moving",
	green: "check",
	red: "warning",
	grey: "off",
	accent: "info",
};

export function Badge({
	tone,
	icon,
	children,
	title,
}: {
	tone: Tone;
	icon?: IconName | null;
	children: ReactNode;
	title?: string;
}) {
	const mark = icon === undefined ? TONE_ICON[tone] : icon;
	return (
		<span className={cx(css.badge, css[tone])} title={title}>
			{mark !== null && <Icon name={mark} size={12} />}
			{children}
		</span>
	);
}

export function Panel({
	title,
	action,
	children,
	label,
	className,
	id,
}: {
	title?: ReactNode;
	action?: ReactNode;
	children: ReactNode;
	label?: string;
	className?: string | undefined;
	/** Where a link within the page leads. */
	id?: string;
}) {
	const titleId = useId();
	return (
		<section
			id={id}
			className={cx(css.panel, className)}
			aria-label={label}
			aria-labelledby={title === undefined ? undefined : titleId}
		>
			{title !== undefined && (
				<div className={css.panelHead}>
					<h2 id={titleId}>{title}</h2>
					{action}
				</div>
			)}
			{children}
		</section>
	);
}

export function Empty({
	title,
	children,
	action,
}: {
	title: string;
	children?: ReactNode;
	action?: ReactNode;
}) {
	return (
		<div className={css.state}>
			<p className={css.stateTitle}>{title}</p>
			{children !== undefined && <p>{children}</p>}
			{action}
		</div>
	);
}

function whyKey(error: unknown): keyof typeof common | null {
	const key = error instanceof ApiError && error.why !== null ? `why.${error.why}` : "";
	return Object.hasOwn(common, key) ? (key as keyof typeof common) : null;
}

/** What went wrong, for a reader, with what to do about it. */
export function errorText(error: unknown, t: Translate<typeof common>): string {
	if (!(error instanceof ApiError)) return t("error.other", { id: DASHED });
	const why = whyKey(error);
	if (why !== null) return t(why);
	const key = `error.${error.code}`;
	if (key in common) return t(key as keyof typeof common);
	if (error.status === 503) return t("error.unavailable");
	return t("error.other", { id: error.requestId ?? error.code });
}
const DASHED = "–";

/** What the server adds in its own words; nothing where the page has said it in the reader's. */
function detailOf(error: unknown): string | null {
	return error instanceof ApiError && whyKey(error) === null ? error.detail : null;
}

function fieldText(field: ProblemField, t: Translate<typeof common>): string {
	return field.code === "invalid" ? t("field.invalid", { why: field.message }) : t(`field.${field.code}`);
}

/** What is wrong with each member of a form, by what the server says; `invalid` in the form's own words. */
export function useFaults(
	error: unknown,
	invalid: Readonly<Record<string, string>> = {},
): (name: string) => string | undefined {
	const t = useT(common);
	return (name) => {
		const field = error instanceof ApiError ? error.fields.find((f) => f.path === name) : undefined;
		if (field === undefined) return undefined;
		return (field.code === "invalid" ? invalid[name] : undefined) ?? fieldText(field, t);
	};
}

export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
	const t = useT(common);
	const detail = detailOf(error);
	return (
		<div className={css.state} role="alert">
			<Icon name="warning" size={20} />
			<p>{errorText(error, t)}</p>
			{detail !== null && <p className={css.small}>{detail}</p>}
			{retry !== undefined && <Button onClick={retry}>{t("retry")}</Button>}
		</div>
	);
}

export function Notice({
	tone,
	icon,
	children,
	action,
	role,
}: {
	tone: Tone;
	icon?: IconName;
	children: ReactNode;
	action?: ReactNode;
	role?: "alert" | "status";
}) {
	return (
		<div className={cx(css.notice, css[tone])} role={role}>
			<Icon name={icon ?? TONE_ICON[tone]} />
			<div>{children}</div>
			{action}
		</div>
	);
}

/**
 * The error of something that was tried, beside the button that tried it. What is wrong with the
 * members `inPlace` is said at their fields.
 */
export function FormError({ error, inPlace = [] }: { error: unknown; inPlace?: readonly string[] }) {
	const t = useT(common);
	if (error === null || error === undefined) return null;
	const detail = detailOf(error);
	const fields = error instanceof ApiError ? error.fields.filter((f) => !inPlace.includes(f.path)) : [];
	return (
		<Notice tone="red" role="alert">
			<p>{errorText(error, t)}</p>
			{detail !== null && <p>{detail}</p>}
			{fields.map((f) => (
				<p key={f.path}>
					<code>{f.path}</code>: {fieldText(f, t)}
				</p>
			))}
		</Notice>
	);
}

export function Skeleton({ lines = 3 }: { lines?: number }) {
	const t = useT(common);
	const widths = [css.w2, css.w3, css.w1];
	return (
		<div role="status" aria-label={t("loading")}>
			{Array.from({ length: lines }, (_, i) => (
				<span key={i} className={cx(css.skeleton, widths[i % 3])} />
			))}
		</div>
	);
}

/** A word with more to say: shown on hover and on focus, and read with it. */
export function Tip({ text, children }: { text: string; children: ReactNode }) {
	const id = useId();
	return (
		<span className={css.tip} tabIndex={0} aria-describedby={id}>
			{children}
			<span role="tooltip" id={id} className={css.tipText}>
				{text}
			</span>
		</span>
	);
}

/** A time: relative or short as shown, exact on hover and to a screen reader. */
export function Time({
	at,
	as = "relative",
	className,
}: {
	at: string | null | undefined;
	as?: "relative" | "list" | "exact";
	className?: string | undefined;
}) {
	const { language } = useLanguage();
	const now = useNow();
	if (at === null || at === undefined) return <span className={className}>–</span>;
	const date = new Date(at);
	const exact = exactTime(language, date);
	const shown =
		as === "exact"
			? exact
			: as === "list"
				? listTime(language, date, now)
				: relativeTime(language, date, now);
	return (
		<time dateTime={at} title={exact} className={cx(css.time, className)}>
			{shown}
		</time>
	);
}

export function Field({
	label,
	hint,
	error,
	children,
}: {
	label: string;
	hint?: ReactNode;
	error?: string | undefined;
	children: (ids: {
		id: string;
		"aria-describedby": string;
		"aria-invalid": boolean;
		className: string;
	}) => ReactNode;
}) {
	const id = useId();
	return (
		<div className={css.field}>
			<label htmlFor={id}>{label}</label>
			{children({
				id,
				"aria-describedby": `${id}-h`,
				"aria-invalid": error !== undefined,
				className: css.input ?? "",
			})}
			<span id={`${id}-h`} className={error === undefined ? css.hint : css.fieldError}>
				{error ?? hint}
			</span>
		</div>
	);
}

export function Check({ label, hint, ...rest }: { label: string; hint?: string } & ComponentProps<"input">) {
	const id = useId();
	return (
		<div className={css.check}>
			<input
				id={id}
				type="checkbox"
				aria-describedby={hint === undefined ? undefined : `${id}-h`}
				{...rest}
			/>
			<div>
				<label htmlFor={id}>{label}</label>
				{hint !== undefined && (
					<div id={`${id}-h`} className={css.hint}>
						{hint}
					</div>
				)}
			</div>
		</div>
	);
}

export function Progress({ value, label }: { value: number | null; label: string }) {
	return (
		<progress
			className={css.progress}
			max={100}
			{...(value === null ? {} : { value })}
			aria-label={label}
		/>
	);
}

const SAID_MS = 2500;

export function CopyButton({ text, label }: { text: string; label?: string }) {
	const t = useT(common);
	const [said, setSaid] = useState<"copied" | "copyFailed" | null>(null);
	const copy = async () => {
		setSaid((await copyText(text)) ? "copied" : "copyFailed");
		setTimeout(() => setSaid(null), SAID_MS);
	};
	return <Button onClick={() => void copy()}>{said === null ? (label ?? t("copy")) : t(said)}</Button>;
}

/** A table that may be wider than the screen: it moves within itself, then also by key. */
export function TableWrap({ label, children }: { label?: string; children: ReactNode }) {
	const box = useRef<HTMLDivElement>(null);
	const [wide, setWide] = useState(false);

	useEffect(() => {
		const outer = box.current;
		if (outer === null) return;
		const sizes = new ResizeObserver(() => setWide(outer.scrollWidth > outer.clientWidth));
		sizes.observe(outer);
		for (const inner of outer.children) sizes.observe(inner);
		return () => sizes.disconnect();
	}, []);
	const named = label === undefined ? {} : { role: "group", "aria-label": label };
	const reachable = wide ? { tabIndex: 0, ...named } : {};
	return (
		<div ref={box} className={css.tableWrap} {...reachable}>
			{children}
		</div>
	);
}

export function TabLinks({
	label,
	tabs,
}: {
	label: string;
	tabs: { href: string; name: string; on: boolean }[];
}) {
	return (
		<nav className={css.tabs} aria-label={label}>
			{tabs.map((tab) => (
				<Link
					key={tab.href}
					href={tab.href}
					className={css.tab ?? ""}
					{...(tab.on ? { "aria-current": "page" as const } : {})}
				>
					{tab.name}
				</Link>
			))}
		</nav>
	);
}

export function Page({
	title,
	action,
	children,
}: {
	title: string;
	action?: ReactNode;
	children: ReactNode;
}) {
	return (
		<div className={css.page}>
			<div className={css.pageHead}>
				<h1>{title}</h1>
				{action}
			</div>
			{children}
		</div>
	);
}

/** Which state a score stands for; the number itself always stands beside it. */
export function scoreTone(score: number): Tone {
	if (score >= 70) return "green";
	return score >= 40 ? "amber" : "red";
}
