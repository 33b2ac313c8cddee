/*
 * What the pictures of the page show: a clinic that does not exist, with people who do not either.
 * What always holds: nothing is left to chance, so that a picture differs only where the page does.
 */
import type { Verdict } from "./judge";
import type { Person } from "./webhook";

export const CLINIC = { slug: "aurora", name: "Clínica Aurora" };
export const OPTICIAN = { slug: "boa-vista", name: "Ótica Boa Vista" };
export const AGENTS = ["Carla Menezes", "Diego Prado", "Juliana Reis"] as const;

const person = (n: number, name: string): Person => ({ waId: String(5511987300100 + n * 1373), name });

export const ana = person(1, "Ana Souza");

/** Who wrote today and lately: minutes ago, the last words (of the clinic after "< "), how many are unread. */
export const lately: readonly (readonly [who: Person, minutes: number, words: string, unread: number])[] = [
	[person(2, "Bruno Lima"), 6, "Consigo passar aí às 16h hoje?", 2],
	[person(3, "Camila Ferreira"), 14, "< Perfeito, Camila! Até quinta às 9h30.", 0],
	[person(4, "Daniel Rocha"), 23, "Vocês atendem pelo convênio Sorriso Mais?", 1],
	[person(5, "Eduarda Nunes"), 41, "Obrigada pelo retorno tão rápido 🙏", 0],
	[person(6, "Felipe Cardoso"), 58, "< Segue o orçamento do clareamento, em PDF.", 0],
	[person(7, "Gabriela Martins"), 75, "Preciso remarcar a limpeza da minha filha", 3],
	[person(8, "Henrique Alves"), 96, "< Bom dia! A Dra. Helena atende às terças e quintas.", 0],
	[person(9, "Isabela Teixeira"), 130, "O aparelho soltou um pedacinho, é grave?", 1],
	[person(10, "João Pedro Barros"), 155, "Fechado, pode agendar.", 0],
	[person(11, "Larissa Moura"), 190, "< Confirmamos sua avaliação para amanhã, 14h.", 0],
	[person(12, "Marcelo Dias"), 1500, "Qual o valor da consulta?", 0],
	[person(13, "Natália Ribeiro"), 1620, "Amei o atendimento de vocês!", 0],
	[person(14, "Otávio Campos"), 1900, "< Estacionamento conveniado na Rua das Acácias, 120.", 0],
	[person(15, "Patrícia Gomes"), 3050, "Vou conversar com meu marido e aviso.", 0],
	[person(16, "Rafael Monteiro"), 4400, "< Ficou alguma dúvida sobre o tratamento?", 0],
	[person(17, "Sofia Azevedo"), 5900, "Combinado, muito obrigada!", 0],
];

/** A turn of a talk; what follows "< " was written by the clinic. */
export type Turns = readonly string[];

/** Ana's first talk, twelve days ago: the one whose report is shown. */
export const revision: Turns = [
	"Oi, bom dia! Gostaria de remarcar a revisão do aparelho",
	"< Bom dia, Ana! Aqui é a Carla, da Clínica Aurora. Claro, posso ajudar 😊",
	"< Sua revisão estava marcada para sexta às 10h, certo?",
	"Isso! Mas viajo na sexta a trabalho",
	"< Entendi. E como está o aparelho, algum incômodo?",
	"Um arame machucando um pouco do lado direito",
	"< Nesse caso é melhor não esperar muito. Enquanto isso, coloque a cera de proteção que demos no kit",
	"Boa, vou colocar. Tem horário na quarta?",
	"< Na quarta não temos horário",
	"Poxa… e no fim do dia de quinta?",
	"< Quinta às 18h30 eu consigo encaixar você com a Dra. Helena",
	"Perfeito, fico com esse",
	"A revisão está incluída no plano mensal?",
	"< Está sim, a revisão mensal já está incluída no seu plano",
	"Que bom! Obrigada",
	"< Combinado: quinta, 18h30, com a Dra. Helena. Um dia antes envio um lembrete por aqui",
	"Até quinta!",
];

/** What Ana and the clinic say to each other now; minutes ago. */
export const today: readonly (readonly [minutes: number, words: string])[] = [
	[52, "Oi, Carla! Voltei a escrever porque o arame parou de machucar depois da revisão 🙌"],
	[49, "< Que notícia boa, Ana! Ficamos muito felizes"],
	[46, "Queria aproveitar e fazer um clareamento. Dá para fazer com o aparelho?"],
	[44, "< Com o aparelho fixo o ideal é esperar a retirada, para o resultado ficar uniforme"],
	[43, "< A previsão da sua retirada é março. Posso deixar uma avaliação reservada?"],
	[40, "Pode sim! De preferência no fim da tarde"],
	[4, "Ah, e minha irmã também quer vir. Vocês têm desconto para família?"],
];

export const RUBRIC = {
	scriptKey: "agendamento",
	name: "Agendamento e retorno",
	scriptText: `Avalie o atendimento de quem procura a clínica para marcar, remarcar ou tirar dúvidas.

Um bom atendimento:
- cumprimenta pelo nome e diz quem está falando;
- pergunta o que a pessoa precisa e se há dor ou urgência antes de oferecer horários;
- oferece pelo menos duas opções de horário e, quando não há vaga no dia pedido, propõe a mais próxima;
- responde ao que foi perguntado sobre valores e convênio, sem prometer o que não pode cumprir;
- encerra repetindo dia, hora e profissional, e diz o que acontece depois.

Uma espera de mais de dez minutos sem aviso tira pontos. Mensagens automáticas não contam como resposta.`,
	topics: [
		{ key: "saudacao", label: "Cumprimentou e se apresentou", weight: 1 },
		{ key: "necessidade", label: "Entendeu o que a pessoa precisa", weight: 2 },
		{ key: "horario", label: "Ofereceu alternativas de horário", weight: 3 },
		{ key: "duvidas", label: "Respondeu às dúvidas", weight: 2 },
		{ key: "proximo-passo", label: "Combinou o próximo passo", weight: 2 },
	],
};

/** The version before: what the comparison of two versions shows. */
export const RUBRIC_BEFORE = {
	...RUBRIC,
	scriptText: RUBRIC.scriptText
		.replace(
			"- oferece pelo menos duas opções de horário e, quando não há vaga no dia pedido, propõe a mais próxima;",
			"- oferece horários;",
		)
		.replace("Uma espera de mais de dez minutos", "Uma espera de mais de quinze minutos"),
	topics: RUBRIC.topics.map((t) => (t.key === "horario" ? { ...t, weight: 2 } : t)),
};

/** Talks, by their first words, and what the model says of each. */
export const talks: readonly { turns: Turns; verdict: Verdict }[] = [
	{
		turns: revision,
		verdict: {
			score: 78,
			temperature: "warm",
			summary:
				"A cliente pediu para remarcar a revisão e relatou um arame machucando. A atendente acolheu, orientou e encaixou na quinta, mas negou a quarta sem oferecer outra opção.",
			topics: [
				[100, "Cumprimentou pelo nome e disse quem era."],
				[90, "Perguntou do incômodo antes de falar de horários."],
				[45, "Disse que não havia horário na quarta e esperou a cliente propor outro dia."],
				[95, "Confirmou que a revisão está no plano."],
				[85, "Repetiu dia, hora e profissional e prometeu um lembrete."],
			],
			issues: [
				{
					key: "Não ofereceu alternativa",
					severity: "high",
					notes: "Negou o dia pedido e não propôs o mais próximo; quem salvou o agendamento foi a cliente.",
					excerpts: ["Na quarta não temos horário"],
				},
				{
					key: "Encaixe sem confirmar a urgência",
					severity: "low",
					notes: "Havia dor, mas não foi perguntado se precisava ser atendida no mesmo dia.",
					excerpts: ["se piorar, me avise na mesma hora"],
				},
			],
			highlights: [
				{
					key: "Orientou enquanto a consulta não chega",
					notes: "Disse o que fazer para aliviar o incômodo até a revisão.",
					excerpts: ["coloque a cera de proteção que demos no kit"],
				},
				{
					key: "Encerramento completo",
					notes: "A cliente saiu sabendo quando, com quem e o que vem depois.",
					excerpts: ["quinta, 18h30, com a Dra. Helena"],
				},
			],
			recommendations: [
				"Quando o dia pedido estiver cheio, oferecer duas opções na mesma mensagem.",
				"Perguntar se a dor permite esperar antes de escolher o encaixe.",
			],
		},
	},
	{
		turns: [
			"Boa tarde, quanto custa uma limpeza?",
			"< Boa tarde! Aqui é a Juliana, da Clínica Aurora. A limpeza custa R$ 180 e dura cerca de 40 minutos",
			"< Faz quanto tempo da última? Alguma sensibilidade?",
			"Quase um ano, e sinto um pouco com gelado",
			"< Então já peço para a doutora avaliar a sensibilidade no mesmo horário, sem custo",
			"Ótimo! Tem vaga esta semana?",
			"< Tenho quarta às 15h ou sexta às 8h30, qual fica melhor?",
			"Sexta às 8h30",
			"< Marcado: sexta, 8h30, com a Dra. Beatriz. Chegue dez minutos antes, por favor",
			"Combinado, obrigado!",
		],
		verdict: {
			score: 96,
			temperature: "hot",
			summary:
				"O cliente perguntou o preço da limpeza e saiu com horário marcado. A atendente investigou a sensibilidade e ofereceu duas opções.",
			topics: [
				[100, "Cumprimentou e se apresentou na primeira resposta."],
				[100, "Perguntou do tempo e da sensibilidade."],
				[95, "Duas opções na mesma semana."],
				[95, "Preço e duração na primeira resposta."],
				[90, "Repetiu dia, hora e profissional."],
			],
			issues: [],
			highlights: [
				{
					key: "Duas opções na mesma mensagem",
					notes: "O cliente só precisou escolher.",
					excerpts: ["Tenho quarta às 15h ou sexta às 8h30"],
				},
			],
			recommendations: ["Manter este atendimento como exemplo para a equipe."],
		},
	},
	{
		turns: [
			"Olá, vocês aceitam o convênio Sorriso Mais?",
			"Oi?",
			"< Oi, desculpe a demora. Não aceitamos",
			"Nem reembolso?",
			"< Emitimos nota, o reembolso é com o convênio",
			"E quanto fica a consulta?",
			"< R$ 220",
			"Achei caro, vou pesquisar",
			"< Ok",
		],
		verdict: {
			score: 31,
			temperature: "cold",
			summary:
				"A pessoa perguntou do convênio, esperou e foi embora sem horário. As respostas foram curtas e nada foi oferecido em troca.",
			topics: [
				[20, "Não disse quem era."],
				[25, "Não perguntou o que a pessoa precisava."],
				[10, "Nenhum horário foi oferecido."],
				[65, "Respondeu, mas sem explicar o reembolso."],
				[15, "Encerrou com “Ok”."],
			],
			issues: [
				{
					key: "Desistência sem tentativa",
					severity: "high",
					notes: "A pessoa achou caro e não houve nenhuma pergunta nem proposta.",
					excerpts: ["< Ok".slice(2)],
				},
				{
					key: "Demora sem aviso",
					severity: "medium",
					notes: "A pessoa precisou chamar de novo.",
					excerpts: ["Oi, desculpe a demora. Não aceitamos"],
				},
			],
			highlights: [],
			recommendations: [
				"Explicar como pedir o reembolso, com os documentos que a clínica fornece.",
				"Perguntar o motivo da consulta antes de dizer o preço.",
			],
		},
	},
	{
		turns: [
			"Bom dia, meu filho quebrou um dente jogando bola!",
			"< Bom dia! Sou o Diego, da Clínica Aurora. Calma, vamos ajudar. Ele está com dor ou sangrando?",
			"Não está sangrando, mas dói quando encosta",
			"< Guarde o pedaço em leite ou soro e venha agora, a Dra. Helena encaixa vocês às 11h",
			"Estou a 20 minutos daí",
			"< Perfeito. O endereço é Rua das Acácias, 98. Quanto custa, vemos depois da avaliação, que é gratuita",
			"Muito obrigada, estamos indo",
			"< Aguardamos vocês. Se mudar alguma coisa, me avise por aqui",
		],
		verdict: {
			score: 91,
			temperature: "hot",
			summary:
				"Uma emergência foi acolhida em minutos: o atendente perguntou da dor, orientou como guardar o dente e encaixou no mesmo dia.",
			topics: [
				[95, "Apresentou-se e acalmou a mãe."],
				[100, "Perguntou de dor e sangramento."],
				[90, "Encaixe imediato."],
				[80, "Falou do custo sem ser perguntado."],
				[90, "Endereço e o que fazer se algo mudar."],
			],
			issues: [
				{
					key: "Idade não perguntada",
					severity: "low",
					notes: "Se for dente de leite, a conduta muda.",
					excerpts: ["Ele está com dor ou sangrando?"],
				},
			],
			highlights: [
				{
					key: "Orientação de emergência",
					notes: "Disse como preservar o fragmento.",
					excerpts: ["Guarde o pedaço em leite ou soro e venha agora"],
				},
			],
			recommendations: ["Perguntar a idade em casos de trauma."],
		},
	},
	{
		turns: [
			"Oi! Queria saber do clareamento",
			"< Olá! Temos o caseiro e o de consultório",
			"Qual a diferença?",
			"< O de consultório é mais rápido, o caseiro leva três semanas",
			"E os valores?",
			"< R$ 1.200 e R$ 750",
			"Dá para parcelar?",
			"< Em até seis vezes sem juros",
			"Legal, vou pensar",
			"< Fico à disposição! Quer que eu deixe uma avaliação reservada para a semana que vem?",
			"Pode ser, na terça de manhã",
			"< Combinado, terça às 9h com a Dra. Beatriz",
		],
		verdict: {
			score: 66,
			temperature: "warm",
			summary:
				"O cliente queria saber do clareamento. As dúvidas foram respondidas uma a uma e a avaliação ficou marcada, mas ninguém se apresentou nem perguntou do histórico.",
			topics: [
				[50, "Cumprimentou, sem dizer quem era."],
				[35, "Não perguntou de sensibilidade nem de tratamentos anteriores."],
				[60, "Ofereceu uma semana, sem opções de horário."],
				[95, "Diferença, preços e parcelamento."],
				[85, "Marcou dia, hora e profissional."],
			],
			issues: [
				{
					key: "Necessidade não investigada",
					severity: "medium",
					notes: "Clareamento pede saber de sensibilidade e restaurações.",
					excerpts: ["Temos o caseiro e o de consultório"],
				},
			],
			highlights: [
				{
					key: "Retomou quem ia pensar",
					notes: "Ofereceu reservar a avaliação sem insistir.",
					excerpts: ["Quer que eu deixe uma avaliação reservada para a semana que vem?"],
				},
			],
			recommendations: ["Perguntar de sensibilidade antes de explicar os tipos."],
		},
	},
];

/** What the model says of a talk, which it knows by its first words. */
export function verdictOf(texts: readonly string[]): Verdict {
	const talk = talks.find((t) => texts.includes(t.turns[0] ?? ""));
	if (talk === undefined) throw new Error(`no talk begins so: ${texts[0] ?? ""}`);
	return talk.verdict;
}

/** Who came to the helpdesk in the last weeks: which talk, with whom, days ago, first answer and length in minutes. */
export interface Visit {
	name: string;
	talk: number;
	agent: string;
	daysAgo: number;
	answeredAfter: number;
	minutes: number;
	tags: string[];
}

const FIRST = [
	"Aline",
	"Beatriz",
	"Caio",
	"Débora",
	"Elisa",
	"Fábio",
	"Giovana",
	"Hugo",
	"Ivone",
	"Jonas",
	"Karina",
	"Leandro",
];
const LAST = [
	"Pereira",
	"Castro",
	"Duarte",
	"Esteves",
	"Farias",
	"Guedes",
	"Queiroz",
	"Lopes",
	"Macedo",
	"Peixoto",
	"Vasconcelos",
];
/* Which talk each of the agents leads, in turn: none is good always. */
const LED = [
	[1, 1, 4, 1, 3, 2],
	[3, 4, 2, 4, 3, 2],
	[1, 3, 4, 1, 1, 4],
] as const;
const TAGS = ["primeira consulta", "convênio", "ortodontia", "retorno"] as const;

export function visits(count: number): Visit[] {
	return Array.from({ length: count }, (_, i) => {
		const who = i % AGENTS.length;
		const talk = LED[who]?.[Math.floor(i / AGENTS.length) % 6] ?? 1;
		return {
			name: `${FIRST[i % FIRST.length] ?? ""} ${LAST[(i * 5 + 3) % LAST.length] ?? ""}`,
			talk,
			agent: AGENTS[who] ?? "",
			daysAgo: 2 + (i * 28) / count,
			answeredAfter: talk === 2 ? 7 + (i % 5) : 2 + ((i * 7) % 6),
			minutes: talk === 2 ? 95 + ((i * 13) % 40) : 18 + ((i * 11) % 47),
			/* Those with a tag are not graded. */
			tags: i % 4 === 0 ? [TAGS[(i / 4) % TAGS.length] ?? TAGS[0]] : [],
		};
	});
}
