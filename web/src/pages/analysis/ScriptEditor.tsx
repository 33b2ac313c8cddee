/* Writes a new script, or a new version of one. A version that exists is never changed. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type SyntheticEvent } from "react";
import { Link, useLocation } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Script, Topic } from "../../api/types";
import { useT } from "../../i18n";
import { slugOf } from "../../lib/slug";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, buttonClass, Check, Field, FormError, Icon, Panel, ui } from "../../ui";
import css from "./analysis.module.css";
import { texts } from "./messages";

interface Line extends Topic {
	id: number;
	/** A key that was written by hand, or is in use, does not follow the name. */
	fixed: boolean;
}

export function ScriptEditor({ from, taken }: { from: Script | undefined; taken: string[] }) {
	const t = useT(texts);
	const { slug } = useSession();
	const [, navigate] = useLocation();
	const cache = useQueryClient();
	const say = useToast();
	const nextId = useRef(from?.topics.length ?? 0);
	const [name, setName] = useState(from?.name ?? "");
	const [key, setKey] = useState<string | null>(from?.scriptKey ?? null);
	const [description, setDescription] = useState(from?.description ?? "");
	const [text, setText] = useState(from?.scriptText ?? "");
	const [isActive, setActive] = useState(true);
	const [topics, setTopics] = useState<Line[]>(
		() => from?.topics.map((x, id) => ({ ...x, id, fixed: true })) ?? [],
	);
	const scriptKey = key ?? slugOf(name);
	const back = `/${slug}/avaliacoes/roteiros${from === undefined ? "" : `/${encodeURIComponent(from.scriptKey)}`}`;
	const save = useMutation({
		mutationFn: async () => {
			const script = await api.post("/api/admin/{slug}/analysis-scripts", {
				path: { slug },
				body: {
					scriptKey,
					name: name.trim(),
					scriptText: text,
					description: description.trim() === "" ? null : description.trim(),
					topics: topics.map((x) => ({ key: x.key, label: x.label.trim(), weight: x.weight })),
					isActive: false,
				},
			});
			if (isActive)
				await api.post("/api/admin/{slug}/analysis-scripts/{scriptKey}/activate", {
					path: { slug, scriptKey },
					body: { version: script.version },
				});
			return script;
		},
		onSuccess: (script) => {
			say(t("edit.saved", { n: script.version }));
			void cache.invalidateQueries({ queryKey: keys.scripts(slug) });
			navigate(
				`/${slug}/avaliacoes/roteiros/${encodeURIComponent(script.scriptKey)}?versao=${script.version}`,
			);
		},
	});
	const change = (id: number, to: Partial<Line>) =>
		setTopics(topics.map((x) => (x.id === id ? { ...x, ...to } : x)));
	const ready =
		name.trim() !== "" &&
		scriptKey !== "" &&
		text.trim() !== "" &&
		topics.every((x) => x.label.trim() !== "" && x.key !== "");
	return (
		<Panel title={from === undefined ? t("edit.title") : t("edit.version", { name: from.name })}>
			<form
				className={ui.stack}
				onSubmit={(e: SyntheticEvent) => {
					e.preventDefault();
					save.mutate();
				}}
			>
				<div className={css.form}>
					<Field label={t("scripts.name")} hint={t("edit.name.hint")}>
						{(ids) => (
							<input
								{...ids}
								required
								maxLength={200}
								value={name}
								onChange={(e) => setName(e.target.value)}
								autoFocus
							/>
						)}
					</Field>
					<Field
						label={t("scripts.key")}
						hint={t("edit.key.hint")}
						error={
							from === undefined && taken.includes(scriptKey)
								? t("edit.version", { name: scriptKey })
								: undefined
						}
					>
						{(ids) => (
							<input
								{...ids}
								required
								maxLength={128}
								value={scriptKey}
								disabled={from !== undefined}
								onChange={(e) => setKey(e.target.value)}
							/>
						)}
					</Field>
				</div>
				<Field label={t("edit.description")}>
					{(ids) => (
						<input
							{...ids}
							maxLength={2000}
							value={description}
							onChange={(e) => setDescription(e.target.value)}
						/>
					)}
				</Field>
				<Field label={t("scripts.text")} hint={t("edit.text.hint")}>
					{(ids) => (
						<textarea
							{...ids}
							required
							rows={14}
							maxLength={262144}
							value={text}
							onChange={(e) => setText(e.target.value)}
						/>
					)}
				</Field>
				<h3>{t("scripts.topics")}</h3>
				<p className={ui.hint}>{t("edit.topics.hint")}</p>
				{topics.map((x, i) => (
					<div
						key={x.id}
						className={css.topicRow}
						role="group"
						aria-label={t("edit.topic", { n: i + 1 })}
					>
						<Field label={t("edit.topic", { n: i + 1 })}>
							{(ids) => (
								<input
									{...ids}
									required
									value={x.label}
									onChange={(e) =>
										change(x.id, {
											label: e.target.value,
											...(x.fixed ? {} : { key: slugOf(e.target.value) }),
										})
									}
								/>
							)}
						</Field>
						<Field label={t("scripts.key")}>
							{(ids) => (
								<input
									{...ids}
									required
									value={x.key}
									onChange={(e) => change(x.id, { key: e.target.value, fixed: true })}
								/>
							)}
						</Field>
						<Field label={t("edit.weight")}>
							{(ids) => (
								<input
									{...ids}
									type="number"
									min={0}
									step="any"
									required
									value={x.weight}
									onChange={(e) => change(x.id, { weight: Number(e.target.value) })}
								/>
							)}
						</Field>
						<Button
							kind="quiet"
							iconOnly
							aria-label={t("edit.remove", { n: i + 1 })}
							onClick={() => setTopics(topics.filter((o) => o !== x))}
						>
							<Icon name="cross" />
						</Button>
					</div>
				))}
				<div>
					<Button
						onClick={() =>
							setTopics([
								...topics,
								{ id: nextId.current++, key: "", label: "", weight: 1, fixed: false },
							])
						}
					>
						<Icon name="plus" />
						{t("edit.add")}
					</Button>
				</div>
				<Check
					label={t("edit.activate")}
					checked={isActive}
					onChange={(e) => setActive(e.target.checked)}
				/>
				<FormError error={save.error} />
				<div className={ui.row}>
					<Button type="submit" kind="primary" disabled={!ready || save.isPending}>
						{t("edit.save")}
					</Button>
					<Link className={buttonClass()} href={back}>
						{t("scripts.back")}
					</Link>
				</div>
			</form>
		</Panel>
	);
}
