/*
 * The file of a message. What always holds: the browser itself shows or plays it, from our own
 * address, and asks for it only when it comes into view or is played; its place is kept before it is
 * there, so that nothing jumps; a file that is not there says why.
 */
import { useState } from "react";
import type { Message } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { fileName } from "../../lib/cut";
import { bytes } from "../../lib/format";
import { cx, Icon } from "../../ui";
import type { IconName } from "../../ui/icons";
import css from "./media.module.css";
import { mediaReasons } from "./mediaReasons";
import { texts, typeKey } from "./messages";

const ICONS: Record<string, IconName> = {
	image: "image",
	sticker: "image",
	video: "image",
	audio: "audio",
	document: "file",
};

export function isMediaType(type: string): boolean {
	return type in ICONS;
}

/* What it says where there is nothing to see: its size, or why it is not there. */
function useStateOf(message: Message): string {
	const t = useT(texts);
	const why = useT(mediaReasons);
	const { language } = useLanguage();
	const { media } = message;
	if (media === null) return t("media.none");
	if (media.status === "ready") return bytes(language, media.bytes);
	const reason = media.reason === null ? null : why(media.reason);
	if (media.status === "pending")
		return reason === null ? t("media.pending") : t("media.pending.why", { reason });
	return reason === null ? t("media.unavailable") : t("media.unavailable.why", { reason });
}

function Card({ message, name, broken }: { message: Message; name: string; broken: boolean }) {
	const t = useT(texts);
	const state = useStateOf(message);
	const { media, type } = message;
	const label = media?.filename == null ? name : fileName(media.filename);
	return (
		<div className={css.media} data-media={media?.status ?? "none"}>
			<Icon name={ICONS[type] ?? "file"} size={20} />
			<div>
				<div className={css.name} title={media?.filename ?? undefined}>
					{media?.status === "ready" ? (
						<a href={media.url} download={media.filename ?? ""}>
							<bdi>{label}</bdi>
						</a>
					) : (
						<bdi>{label}</bdi>
					)}
				</div>
				<div className={css.state}>{broken ? t("media.broken") : state}</div>
			</div>
		</div>
	);
}

/* What is said in it, as a model wrote it down. */
function Transcript({ of }: { of: NonNullable<NonNullable<Message["media"]>["transcript"]> }) {
	const t = useT(texts);
	if (of.status === "pending") return <div className={css.state}>{t("transcript.pending")}</div>;
	if (of.status === "unavailable") return <div className={css.state}>{t("transcript.none")}</div>;
	return (
		<details className={css.transcript}>
			<summary>{t("transcript")}</summary>
			<p dir="auto">{of.text === null || of.text === "" ? t("transcript.silence") : of.text}</p>
		</details>
	);
}

export function Media({ message }: { message: Message }) {
	const t = useT(texts);
	const [broken, setBroken] = useState(false);
	const { media, type } = message;
	const name = t(typeKey(type, media?.voice === true), { type });
	const fail = () => setBroken(true);

	if (media?.status !== "ready" || broken)
		return <Card message={message} name={name} broken={broken && media?.status === "ready"} />;
	if (type === "image")
		return (
			<a
				className={css.frame}
				href={media.url}
				target="_blank"
				rel="noreferrer"
				title={t("media.open")}
			>
				<img
					src={media.url}
					alt={message.body ?? name}
					loading="lazy"
					decoding="async"
					onError={fail}
				/>
			</a>
		);
	if (type === "sticker")
		return (
			<div className={cx(css.frame, css.sticker)}>
				<img src={media.url} alt={name} loading="lazy" decoding="async" onError={fail} />
			</div>
		);
	if (type === "audio")
		return (
			<>
				<audio
					className={css.audio}
					controls
					preload="none"
					src={media.url}
					aria-label={name}
					onError={fail}
				/>
				{media.transcript !== null && <Transcript of={media.transcript} />}
			</>
		);
	if (type === "video")
		return (
			<video
				className={cx(css.frame, css.video)}
				controls
				preload="none"
				src={media.url}
				aria-label={name}
				onError={fail}
			/>
		);
	return <Card message={message} name={name} broken={false} />;
}
