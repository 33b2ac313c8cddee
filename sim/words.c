/*
 * Sentences of everyday trade in Portuguese. What always holds: the same throws give the same text;
 * accents, emoji, quotes and line breaks occur, because real text has them.
 */
#include "sim/words.h"

#include <ctype.h>

static const char *const first_names[] = {
	"Ana",     "Bruno",   "Carla",    "Diego",   "Eduarda",  "Felipe",  "Gabriela", "Heitor",
	"Isabela", "João",    "Juliana",  "Kauã",    "Larissa",  "Lucas",   "Mariana",  "Matheus",
	"Natália", "Otávio",  "Patrícia", "Rafael",  "Renata",   "Sérgio",  "Tânia",    "Thiago",
	"Úrsula",  "Vanessa", "Vinícius", "Wagner",  "Yasmin",   "Zélia",   "Antônia",  "Benedito",
	"Cláudia", "Dalva",   "Elias",    "Fátima",  "Gilberto", "Helena",  "Inês",     "José",
	"Luíza",   "Márcio",  "Neusa",    "Osvaldo", "Priscila", "Rogério", "Simone",   "Valdir",
};
static const char *const surnames[] = {
	"Almeida", "Araújo",    "Barbosa", "Cardoso",  "Carvalho",  "Castro",
	"Costa",   "Dias",      "Duarte",  "Farias",   "Fernandes", "Ferreira",
	"Gomes",   "Gonçalves", "Lima",    "Lopes",    "Machado",   "Martins",
	"Melo",    "Mendes",    "Moraes",  "Moreira",  "Nunes",     "Oliveira",
	"Pereira", "Pinto",     "Ramos",   "Ribeiro",  "Rocha",     "Rodrigues",
	"Santos",  "Silva",     "Souza",   "Teixeira", "Vieira",    "d'Ávila",
};
static const char *const greetings[] = {
	"Oi",  "Olá",  "Bom dia",          "Boa tarde", "Boa noite", "Oi, tudo bem?",
	"Opa", "E aí", "Olá, tudo certo?",
};
static const char *const asks[] = {
	"vocês têm {p} para pronta entrega?",
	"quanto fica o frete da {p} para {c}?",
	"queria um orçamento de {n} unidades de {p}",
	"o pedido {o} já saiu?",
	"dá para trocar a {p} por outra cor?",
	"vocês abrem no sábado?",
	"aceita pix ou só cartão?",
	"consegue entregar em {c} até sexta?",
	"tem desconto à vista?",
	"chegou a {p} que eu encomendei?",
	"pode mandar a foto da {p} de novo?",
	"qual o horário de vocês hoje?",
	"minha nota fiscal do pedido {o} não chegou",
	"a {p} veio com defeito, como faço?",
	"quero {n} {p}, por favor",
	"me passa o endereço da loja?",
};
static const char *const answers[] = {
	"Temos sim! A {p} sai por R$ {r},90.",
	"Para {c} o frete fica R$ {r},00 e chega em 3 dias úteis.",
	"Seu pedido {o} foi enviado hoje, o código de rastreio vai por e-mail.",
	"Aceitamos pix, cartão em até 6x e boleto.",
	"Abrimos de segunda a sábado, das 9h às 18h.",
	"Pode trocar sim, é só trazer a nota em até 7 dias.",
	"Vou confirmar com o estoque e já retorno.",
	"Separei {n} {p} para você. Passa amanhã?",
	"No pix tem 5% de desconto 🙂",
	"A chave pix é o CNPJ da loja.",
	"Nosso endereço: Rua das Palmeiras, {n} - {c}",
	"Segue o orçamento:\n- {n} x {p}\n- total R$ {r},00",
	"Sinto muito por isso! Vamos enviar outra {p} sem custo.",
	"Obrigada pelo contato, {c} está na nossa rota de quinta.",
};
static const char *const short_ones[] = {
	"ok",
	"Ok, obrigada!",
	"Blz 👍",
	"Combinado",
	"Perfeito!",
	"Tá bom",
	"Pode ser",
	"Obrigado 🙏",
	"Fechado!",
	"kkkkk",
	"Sim",
	"Não",
	"Isso mesmo",
	"Aguardo",
	"Certo, até amanhã",
	"❤️",
	"Show de bola",
	"Valeu!",
	"Só um minuto",
	"Já paguei",
	"Comprovante enviado",
	"?",
	"Deu certo ✅",
};
static const char *const products[] = {
	"cortina",          "mesa de jantar", "luminária",       "cadeira de escritório",
	"capa de sofá",     "estante",        "toalha de banho", "panela de pressão",
	"torneira",         "furadeira",      "mochila",         "camiseta",
	"tinta branca 18L", "ração de 15 kg", "bolo de cenoura", "caixa de som",
};
static const char *const cities[] = {
	"Campinas",       "São José dos Campos",
	"Goiânia",        "Vitória",
	"Belém",          "Niterói",
	"Maringá",        "Feira de Santana",
	"Ribeirão Preto", "Florianópolis",
	"Uberlândia",     "São Luís",
};
static const char *const captions[] = {
	"Foto do produto", "Olha como ficou", "Comprovante",   "É essa aqui?",
	"Veio assim 😕",    "Nota fiscal",     "Cor \"areia\"", "Antes e depois",
};
static const char *const titles[] = {
	"Sim",
	"Não",
	"Falar com atendente",
	"Manhã",
	"Tarde (15h às 18h)",
	"2ª via do boleto",
	"Loja Centro",
	"Segunda-feira",
};
static const char *const emoji[] = { "👍", "❤️", "😂", "🙏", "😮", "👏🏽", "✅" };

#define PICK(d, list) list[dice_below(d, sizeof(list) / sizeof(list)[0])]

struct str
words_name(struct arena *a, struct dice *d)
{
	const char *first = PICK(d, first_names), *last = PICK(d, surnames);

	if (dice_permille(d, 150))
		return str_fmt(a, "%s", first);
	return str_fmt(a, "%s %s", first, last);
}

struct str
words_username(struct arena *a, struct str name, uint64_t n)
{
	char plain[24];
	size_t k = 0;

	for (size_t i = 0; i < name.n && k < sizeof plain - 1; i++) {
		unsigned char c = (unsigned char)name.p[i];
		if (isalpha(c))
			plain[k++] = (char)tolower(c);
		else if (c == ' ' && k > 0)
			plain[k++] = '.';
	}
	plain[k] = '\0';
	return str_fmt(a, "%s.%llu", k ? plain : "cliente", (unsigned long long)n);
}

/* Fills the slots of a sentence. */
static struct str
fill(struct arena *a, struct dice *d, const char *pattern)
{
	struct buf b;

	buf_init(&b, a, 1024);
	for (const char *p = pattern; *p; p++) {
		if (*p != '{') {
			buf_char(&b, *p);
			continue;
		}
		switch (p[1]) {
		case 'p':
			buf_z(&b, PICK(d, products));
			break;
		case 'c':
			buf_z(&b, PICK(d, cities));
			break;
		case 'o':
			buf_fmt(&b, "#%lld", (long long)dice_range(d, 1000, 9999));
			break;
		case 'r':
			buf_fmt(&b, "%lld", (long long)dice_range(d, 19, 890));
			break;
		default:
			buf_fmt(&b, "%lld", (long long)dice_range(d, 2, 40));
			break;
		}
		p += 2;
	}
	return buf_slice(&b);
}

struct str
words_customer(struct arena *a, struct dice *d)
{
	uint64_t throw = dice_below(d, 10);

	if (throw < 3)
		return str_from(PICK(d, short_ones));
	struct str ask = fill(a, d, PICK(d, asks));
	if (throw < 6)
		return ask;
	return str_fmt(a, "%s, " STR_FMT, PICK(d, greetings), STR_ARG(ask));
}

struct str
words_business(struct arena *a, struct dice *d)
{
	if (dice_below(d, 10) < 3)
		return str_from(PICK(d, short_ones));
	return fill(a, d, PICK(d, answers));
}

struct str
words_caption(struct arena *a, struct dice *d)
{
	(void)a;
	return dice_permille(d, 400) ? str_from(PICK(d, captions)) : STR_NONE;
}

struct str
words_title(struct arena *a, struct dice *d)
{
	(void)a;
	return str_from(PICK(d, titles));
}

struct str
words_emoji(struct dice *d)
{
	return str_from(PICK(d, emoji));
}
