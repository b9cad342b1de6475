using System.Text;

namespace Proxyless.Tests.Fuzz;

/// <summary>Files that no accident makes.</summary>
internal static class HostileTexts
{
    private const int Deep = 100_000;

    /// <summary>
    /// YAML: deep nesting of each kind, aliases that multiply or contain themselves, words that parsers stumble over.
    /// </summary>
    public static IReadOnlyList<byte[]> Yaml() => [.. YamlTexts().Select(Encoding.UTF8.GetBytes)];

    /// <summary>JSON: deep nesting of each kind, closed and open, nothing, and what is no object.</summary>
    public static IReadOnlyList<byte[]> Json() => [.. JsonTexts().Select(Encoding.UTF8.GetBytes)];

    /// <summary>
    /// Safetensors: headers that are longer than the file, offsets that overlap, overflow or are negative, names that
    /// come twice.
    /// </summary>
    public static IReadOnlyList<byte[]> SafeTensors()
    {
        byte[] four = new byte[16];
        string Of(string offsets, string shape = "[4]") =>
            $"{{\"x\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}";
        string[] headers =
        [
            Of("[-16, 0]"),
            Of("[0, -16]"),
            Of("[0, 17]"),
            Of("[0, 32]", "[8]"),
            Of("[0, 8000000000]", "[2000000000]"),
            Of("[0, 9223372036854775804]", "[2305843009213693951]"),
            Of("[9223372036854775800, 9223372036854775804]", "[1]"),
            Of("[-9223372036854775808, 9223372036854775804]", "[1]"),
            Of("[0, 16]", "[-2, -2]"),
            Of("[0, 16]", "[4294967296, 4294967296, 4]"),
            Of("[0, 0]", "[0, 9223372036854775807, 9223372036854775807]"),
            Of("[0]"),
            Of("[]"),
            Of("[0, 16, 32]"),
            Of("{}"),
            Of("[0.5, 16]"),
            Of("[16, 0]"),
            """{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""",
            """{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"y":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""",
            """{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}""",
            """{"x":{"dtype":7,"shape":[2],"data_offsets":[0,16]}}""",
            """{"x":null}""",
            """{"x":[]}""",
            """{"__metadata__":[]}""",
            """{"__metadata__":{"a":1}}""",
            """{"__metadata__":{"a":null}}""",
            """{"__metadata__":{"a":"1","a":"2"}}""",
            """{"\uD800":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""",
            "null",
            "[]",
            "{}",
            "[" + new string('[', Deep),
        ];
        long[] lengths = [-1, 0, 1, 16, 99_999_999, 100_000_001, int.MaxValue, long.MaxValue, long.MinValue];
        return
        [
            .. headers.Select(header => ContainerMutator.SafeTensors(header, four)),
            .. lengths.Select(length => (byte[])[.. BitConverter.GetBytes(length), .. "{}"u8]),
        ];
    }

    private static IEnumerable<string> YamlTexts()
    {
        foreach (string open in (string[])["[", "{a: ", "- ", "? ", "[{a: ", "!!seq [", "? - ", "{? "])
        {
            foreach (int depth in (int[])[100, 10_000, Deep])
            {
                yield return "name: " + Repeated(open, depth);
                yield return Repeated(open, depth);
            }
        }

        yield return "name: " + new string('[', 10_000) + new string(']', 10_000);
        yield return "name: " + Repeated("{a: ", 10_000) + "1" + new string('}', 10_000);
        yield return string.Concat(Enumerable.Range(0, 3000).Select(depth => new string(' ', depth) + "a:\n"));

        // Nine times nine times ...: a billion nodes where aliases are followed.
        string bomb =
            "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(
                Enumerable
                    .Range(1, 12)
                    .Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n")
            );
        yield return bomb;
        yield return bomb + "? *a12\n: x\n";
        yield return bomb + "stages: *a12\n";
        yield return bomb.Replace('[', '{').Replace(']', '}').Replace(", ", ": x, ", StringComparison.Ordinal);
        yield return "name: &a [*a]\n";
        yield return "&a name: *a\n";
        yield return "name: &a {? *a : b}\n";
        yield return "&a {*a : *a}\n";
        yield return "name: *none\n";
        yield return "%YAML 99999999999999999999.1\n---\nname: a\n";
        yield return "%TAG ! !\n%TAG ! !\n---\nname: a\n";
        yield return "name: \"\\UFFFFFFFF\"\n";
        yield return "name: \"\\uD800\"\n";
        yield return "--- a\n--- b\n";
        yield return "";
        yield return "~";
        yield return "\0";
        yield return "name: !!int abc\n";
        yield return "name: |99999999999999999999\n  a\n";
        yield return "kind: command\ncommand: [a, \"{model}\"]\npattern: \"" + new string('(', 10_000) + "\"\n";
        yield return "kind: command\ncommand: [a, \"{model}\"]\npattern: \""
            + new string('(', 10_000)
            + "a"
            + new string(')', 10_000)
            + "\"\n";
        yield return "kind: command\ncommand: [a, \"{model}\"]\npattern: \""
            + Repeated("(a|", 5_000)
            + "b"
            + new string(')', 5_000)
            + "\"\n";
        yield return "kind: command\ncommand: [a, \"{model}\"]\npattern: \"(a{2147483647}){2147483647}\"\n";
        yield return "kind: agent\naddress: \"https://\\u0661:7443\"\nfingerprint: "
            + new string('a', 64)
            + "\ntoken: \"a\\r\\nb: c\"\n";
        yield return "kind: agent\naddress: https://localhost\nfingerprint: "
            + new string('a', 64)
            + "\ntoken: \"\\u00e9\\0\"\n";
        yield return "Conv-input:0x0x3-output:0x0x32:\n  mean: 1\n";
        yield return "Conv-input:99999999999x1x3-output:1x1x32:\n  mean: 1\n";
        yield return "Conv-input:٣x٣x٣-output:٣x٣x٣:\n  mean: 1\n";
        yield return "Logits-input:8x8x32-output:0:\n  mean: 1\n";
        yield return "Logits-input:8x8x32-output:99999999999999999999:\n  mean: 1\n";
    }

    private static IEnumerable<string> JsonTexts()
    {
        foreach (string open in (string[])["[", "{\"a\":", "[{\"blocks\":", "{\"search\":", "{\"first_conv\":"])
        {
            yield return Repeated(open, 65);
            yield return Repeated(open, Deep);
        }

        yield return new string('[', Deep) + new string(']', Deep);
        yield return Repeated("{\"a\":", Deep) + "1" + new string('}', Deep);
        yield return "{\"blocks\":" + new string('[', 63) + new string(']', 63) + "}";
        foreach (
            string other in (string[])
                [
                    "",
                    " ",
                    "null",
                    "true",
                    "1",
                    "\"a\"",
                    "[]",
                    "{}",
                    "[null]",
                    "\0",
                    "\uFEFF{}",
                    "null\nnull\n",
                    "{}\n{}\n",
                    "[]\n",
                    "\n\n",
                ]
        )
        {
            yield return other;
        }

        yield return "{\"search\":{\"weight_steps\":100,\"warmup_steps\":25,\"interval\":0}}";
        yield return "{\"a\":1,\"a\":2}";
        yield return "{\"\\uD800\":1}";
        yield return "{\"first_conv\":{\"\\uDC00\":1}}";
        yield return "part,milliseconds\nclassifier 32x8x8 0,1\n";
        yield return "part,milliseconds\nclassifier 32x8x8 99999999999,1\n";
        yield return "part,milliseconds\n,1\n";
        yield return "part,milliseconds\n ,1e308\na,1e308\nb,1e308\n";
    }

    private static string Repeated(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
