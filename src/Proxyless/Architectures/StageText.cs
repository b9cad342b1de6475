using System.Globalization;

namespace Proxyless.Architectures;

/// <summary>
/// Blocks of a network as short text: a line for each stage, with its width, the stride of its first block, and its
/// operations in order, such as <c>24 2 mb3e6 mb3e6</c>.
/// </summary>
internal static class StageText
{
    /// <summary>The blocks that follow a stem.</summary>
    public static IReadOnlyList<Block> Blocks(string stages, Stem stem)
    {
        var blocks = new List<Block>();
        int width = stem.Width;
        int side = stem.OutputResolution;
        foreach (string line in Lines(stages))
        {
            string[] words = line.Split(' ');
            int stageWidth = int.Parse(words[0], CultureInfo.InvariantCulture);
            int stride = int.Parse(words[1], CultureInfo.InvariantCulture);
            foreach (string operation in words.Skip(2))
            {
                var block = new Block(CandidateOperation.Parse(operation), width, stageWidth, stride, side);
                blocks.Add(block);
                (width, side, stride) = (stageWidth, block.OutputResolution, 1);
            }
        }

        return blocks;
    }

    /// <summary>How many blocks each stage has.</summary>
    public static IReadOnlyList<int> Depths(string stages) =>
        [.. Lines(stages).Select(line => line.Count(letter => letter == ' ') - 1)];

    /// <summary>The head that follows blocks.</summary>
    public static Head HeadOf(IReadOnlyList<Block> blocks, int width, int classes) =>
        new(blocks[^1].OutputWidth, width, classes, blocks[^1].OutputResolution);

    // A literal has the line breaks of its source file, which a checkout may have changed.
    private static string[] Lines(string stages) => stages.ReplaceLineEndings("\n").Split('\n');
}
