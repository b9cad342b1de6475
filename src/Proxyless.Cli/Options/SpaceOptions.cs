using System.CommandLine;
using Proxyless.Architectures;

namespace Proxyless.Cli.Options;

/// <summary>A space, and the side of its images: of the commands that look at latencies of its networks.</summary>
internal sealed class SpaceOptions
{
    /// <summary>The space, which is required.</summary>
    public Option<string?> Space { get; } =
        Values.Text("--space", "NAME|FILE", $"The space: {string.Join(", ", SearchSpacePresets.Names)} or a YAML file");

    /// <summary>Side of the images.</summary>
    public Option<long?> Resolution { get; } =
        Values.Integer("--resolution", "Side of the images in pixels (the space's own)", 8, 2048);

    /// <summary>Opens the space at the resolution.</summary>
    /// <param name="parse">The given options.</param>
    /// <exception cref="InvalidInputException">The space or the resolution cannot be used.</exception>
    public SearchSpace Open(ParseResult parse)
    {
        SearchSpace space = SearchSpaceFile.Open(parse.GetValue(Space)!);
        return parse.GetValue(Resolution) is { } resolution
            ? space.WithInput((int)resolution, space.InputChannels)
            : space;
    }
}
