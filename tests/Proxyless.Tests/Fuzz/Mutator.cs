namespace Proxyless.Tests.Fuzz;

/// <summary>What a file consists of, which decides how it is damaged beside bytes and pieces.</summary>
internal enum FuzzSyntax
{
    Binary,
    Json,
    Yaml,
    Lines,
    Png,
    GZip,
    SafeTensors,
    Onnx,
}

/// <summary>Damages files. The same numbers drawn give the same damage.</summary>
internal static class Mutator
{
    private const int MostChanges = 4;
    private const int LongestInput = 1 << 16;

    private static readonly byte[] InterestingBytes =
    [
        0,
        1,
        0x7F,
        0x80,
        0xFE,
        0xFF,
        0x20,
        0x0A,
        0x22,
        0x5B,
        0x7B,
        0x2D,
    ];
    private static readonly long[] InterestingNumbers =
    [
        0,
        1,
        -1,
        0x7F,
        0xFF,
        0x7FFF,
        0xFFFF,
        0x10000,
        0x7FFFFFFF,
        0xFFFFFFFF,
        0x100000000,
        long.MaxValue,
        long.MinValue,
    ];

    /// <summary>One of the seeds with one to four changes.</summary>
    public static byte[] Mutate(Random random, IReadOnlyList<byte[]> seeds, FuzzSyntax syntax)
    {
        byte[] bytes = seeds[random.Next(seeds.Count)];
        for (int left = 1 + random.Next(MostChanges); left > 0; left--)
        {
            // Changes that keep to the syntax come further into a reader than bytes do.
            bytes =
                random.Next(2) == 0
                    ? ChangeSyntax(random, bytes, syntax)
                    : ChangeBytes(random, bytes, seeds[random.Next(seeds.Count)]);
        }

        return bytes;
    }

    /// <summary>One change to bytes, whatever they mean.</summary>
    public static byte[] ChangeBytes(Random random, byte[] bytes, byte[] other)
    {
        if (bytes.Length == 0)
        {
            return other;
        }

        int at = random.Next(bytes.Length);
        int count = 1 + random.Next(Math.Min(bytes.Length - at, 1 << random.Next(12)));
        switch (random.Next(10))
        {
            case 0:
                return Changed(bytes, copy => copy[at] ^= (byte)(1 << random.Next(8)));
            case 1:
                return Changed(bytes, copy => copy[at] = InterestingBytes[random.Next(InterestingBytes.Length)]);
            case 2:
                return Changed(bytes, copy => Overwrite(copy, at, Number(random)));
            case 3:
                return bytes[..at];
            case 4:
                return [.. bytes, .. Noise(random, 1 + random.Next(64))];
            case 5:
                return [.. bytes[..at], .. bytes[(at + count)..]];
            case 6:
                return Shortened([.. bytes[..(at + count)], .. bytes[at..]]);
            case 7:
                int to = random.Next(bytes.Length - count + 1);
                return Changed(bytes, copy => bytes.AsSpan(at, count).CopyTo(copy.AsSpan(to)));
            case 8:
                return Shortened([.. bytes[..at], .. other[(other.Length == 0 ? 0 : random.Next(other.Length))..]]);
            default:
                return Changed(bytes, copy => Noise(random, count).CopyTo(copy, at));
        }
    }

    private static byte[] ChangeSyntax(Random random, byte[] bytes, FuzzSyntax syntax) =>
        syntax switch
        {
            FuzzSyntax.Json or FuzzSyntax.Yaml or FuzzSyntax.Lines => TextMutator.Change(random, bytes, syntax),
            FuzzSyntax.Png => ContainerMutator.ChangePng(random, bytes),
            FuzzSyntax.GZip => ContainerMutator.ChangeGZip(random, bytes),
            FuzzSyntax.SafeTensors => ContainerMutator.ChangeSafeTensors(random, bytes),
            FuzzSyntax.Onnx => ContainerMutator.ChangeOnnx(random, bytes),
            _ => ChangeBytes(random, bytes, bytes),
        };

    /// <summary>A number at the edge of some type, in one of its forms.</summary>
    public static byte[] Number(Random random)
    {
        byte[] number = BitConverter.GetBytes(InterestingNumbers[random.Next(InterestingNumbers.Length)]);
        number = number[..(1 << random.Next(4))];
        if (random.Next(2) == 0)
        {
            Array.Reverse(number);
        }

        return number;
    }

    private static void Overwrite(byte[] bytes, int at, byte[] by) =>
        by.AsSpan(0, Math.Min(by.Length, bytes.Length - at)).CopyTo(bytes.AsSpan(at));

    private static byte[] Changed(byte[] bytes, Action<byte[]> change)
    {
        byte[] copy = [.. bytes];
        change(copy);
        return copy;
    }

    private static byte[] Shortened(byte[] bytes) => bytes.Length > LongestInput ? bytes[..LongestInput] : bytes;

    private static byte[] Noise(Random random, int count)
    {
        byte[] noise = new byte[count];
        random.NextBytes(noise);
        return noise;
    }
}
