/** Sentences to click; the first is there when the page opens. */
export const samples = [
  "Dr. Anna Keller flew from Berlin to the University of Oslo in May.",
  "Washington beat Victoria 3-1 in Boston, said Madison Wells of the Stafford Institute.",
  "The German minister met Karin Almeida in Cairo, and Bank of Nagoya paid Thornton Airlines 34 million euros.",
  "Zoë Öztürk plays for Malmö United in São Paulo on Sunday.",
  "is Thornton coming to kenya this week?",
];
