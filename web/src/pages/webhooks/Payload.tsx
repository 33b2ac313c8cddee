/*
 * The body of an entry. It is text, whatever it holds, and however large it is only the lines in
 * view are in the document; as the browser's search would not find the others, it has its own.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { useT } from "../../i18n";
import { jsonLines, linesWith, prettyJson, type JsonLine } from "../../lib/jsonLines";
import { Button, CopyButton, cx, Icon, Panel, ui } from "../../ui";
import { texts } from "./messages";
import css from "./webhooks.module.css";

const LINE_PX = 20;
const LINE_CHARS = 200;

function Line({
	line: { number: count, text },
	top,
	found,
	words,
}: {
	line: JsonLine;
	top: number;
	found: boolean;
	words: string;
}) {
	const line = useRef<HTMLDivElement>(null);
	const at = words === "" ? -1 : text.toLowerCase().indexOf(words.toLowerCase());

	useEffect(() => {
		if (line.current !== null) line.current.style.transform = `translateY(${top}px)`;
	}, [top]);
	return (
		<div ref={line} className={cx(css.line, found && css.lineOn)}>
			<span className={css.lineNumber} aria-hidden>
				{count}
			</span>
			<span className={css.lineText}>
				{at < 0 ? text : text.slice(0, at)}
				{at >= 0 && <mark className={css.mark}>{text.slice(at, at + words.length)}</mark>}
				{at >= 0 && text.slice(at + words.length)}
			</span>
		</div>
	);
}

export function Payload({ payload }: { payload: unknown }) {
	const t = useT(texts);
	const pretty = useMemo(() => prettyJson(payload), [payload]);
	const lines = useMemo(() => jsonLines(pretty, LINE_CHARS), [pretty]);
	const count = useMemo(() => lines.filter((l) => l.number !== null).length, [lines]);
	const [words, setWords] = useState("");
	const [nth, setNth] = useState(0);
	const found = useMemo(() => linesWith(lines, words), [lines, words]);
	const box = useRef<HTMLDivElement>(null);
	const inner = useRef<HTMLDivElement>(null);
	const virtual = useVirtualizer({
		count: lines.length,
		getScrollElement: () => box.current,
		estimateSize: () => LINE_PX,
		overscan: 20,
	});
	const size = virtual.getTotalSize();
	const at = found.length === 0 ? undefined : found[nth % found.length];

	useEffect(() => {
		if (inner.current !== null) inner.current.style.height = `${size}px`;
	}, [size]);
	useEffect(() => {
		if (at !== undefined) virtual.scrollToIndex(at, { align: "center" });
		// Only when the match changes: the list moving under one is no reason to scroll.
		// eslint-disable-next-line react-hooks/exhaustive-deps
	}, [at]);
	if (payload === null || payload === undefined)
		return (
			<Panel title={t("payload")}>
				<p className={ui.muted}>{t("payload.gone")}</p>
			</Panel>
		);
	return (
		<Panel title={t("payload")} action={<CopyButton text={pretty} label={t("payload.copy")} />}>
			<form
				className={css.find}
				role="search"
				onSubmit={(e) => {
					e.preventDefault();
					setNth(nth + 1);
				}}
			>
				<input
					className={ui.input}
					type="search"
					aria-label={t("payload.find")}
					placeholder={t("payload.find")}
					value={words}
					onChange={(e) => {
						setWords(e.target.value);
						setNth(0);
					}}
				/>
				<Button
					type="submit"
					iconOnly
					disabled={found.length < 2}
					aria-label={t("payload.next")}
					title={t("payload.next")}
				>
					<Icon name="down" />
				</Button>
				<span className={cx(ui.small, ui.muted)} role="status">
					{words === ""
						? t("payload.lines", { n: count })
						: found.length === 0
							? t("payload.notFound")
							: t("payload.found", { at: (nth % found.length) + 1, n: found.length })}
				</span>
			</form>
			{/* It scrolls, so it must be reachable by key. */}
			<div
				ref={box}
				className={css.payload}
				tabIndex={0}
				role="group"
				aria-label={t("payload.text")}
				data-testid="payload"
				dir="ltr"
			>
				<div ref={inner} className={css.payloadLines}>
					{virtual.getVirtualItems().map((v) => {
						const line = lines[v.index];
						if (line === undefined) return null;
						const on = v.index === at;
						return <Line key={v.index} line={line} top={v.start} found={on} words={words} />;
					})}
				</div>
			</div>
		</Panel>
	);
}
