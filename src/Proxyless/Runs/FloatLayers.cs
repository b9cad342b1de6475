using Proxyless.Latency;
using Proxyless.Quantization;

namespace Proxyless.Runs;

/// <summary>
/// Finds the layers that stay in float: the first ones, where channels are few and images large, so that integers gain
/// least, and where their error goes through the whole network.
/// </summary>
internal static class FloatLayers
{
    // The stem and the first depthwise convolution, where nothing can be measured.
    private const int UsualLayers = 2;
    private const int Most = 6;

    // Two measurements of one model differ by about this much.
    private const double Tolerance = 1.01;

    // Errors on some images that differ by less say nothing about other images.
    private const double AlikeError = 1.05;

    // One that is slower than this is not made faster by one more.
    private const double Slower = 1.05;

    /// <summary>The layers of names, and of blocks.</summary>
    /// <param name="model">The model.</param>
    /// <param name="names">Names of layers, or their first part.</param>
    /// <exception cref="InvalidInputException">There is no such layer.</exception>
    public static IReadOnlySet<string> Named(FloatModel model, IReadOnlyList<string> names)
    {
        var chosen = new HashSet<string>();
        foreach (string name in names)
        {
            IEnumerable<string> layers = model.Layers.Select(layer => layer.Name);
            string[] meant = [.. layers.Where(layer => layer == name)];
            meant =
                meant.Length > 0
                    ? meant
                    : [.. layers.Where(layer => layer.StartsWith($"{name}.", StringComparison.Ordinal))];
            if (meant.Length == 0)
            {
                throw new InvalidInputException(
                    $"QuantizeOptions.KeepFloat is '{name}', and the model has no such layer; it has "
                        + string.Join(", ", NamesOf(model))
                );
            }

            chosen.UnionWith(meant);
        }

        if (NamesOf(model).All(chosen.Contains))
        {
            throw new InvalidInputException(
                "QuantizeOptions.KeepFloat names all layers, so that nothing would be quantized; leave some out"
            );
        }

        return chosen;
    }

    /// <summary>The first two layers with weights, for a target that runs no models.</summary>
    /// <param name="model">The model.</param>
    /// <param name="target">The target.</param>
    /// <param name="observer">Receives the decision.</param>
    public static IReadOnlySet<string> Unmeasured(FloatModel model, ITarget target, IRunObserver observer)
    {
        IReadOnlySet<string> usual = Usual(model);
        observer.Message(
            $"target '{target.Name}' is a table and runs no models: {string.Join(" and ", usual)} stay in float, which "
                + "is mostly faster and more exact"
        );
        return usual;
    }

    /// <summary>The first two layers with weights.</summary>
    public static IReadOnlySet<string> Usual(FloatModel model) => NamesOf(model).Take(UsualLayers).ToHashSet();

    /// <summary>
    /// The first layers with weights: as many as make the model fastest, and of these the fewest with the least error.
    /// </summary>
    /// <param name="quantizer">Makes the models.</param>
    /// <param name="settings">How.</param>
    /// <param name="answers">What the model of floats says of some images.</param>
    /// <param name="timer">Where they are timed.</param>
    /// <param name="floatMs">The latency of the model of floats there, in milliseconds.</param>
    /// <param name="observer">Receives progress and the decision.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static IReadOnlySet<string> Measured(
        ModelQuantizer quantizer,
        QuantizationSettings settings,
        FloatAnswers answers,
        IModelTimer timer,
        double floatMs,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        string[] names = NamesOf(quantizer.Model);
        var tried = new List<(int Layers, double Milliseconds, double Error)>();
        int most = Math.Min(Most, names.Length - 1);
        var progress = new Progress(observer, "layers in float", 0, most + 1, Progress.Unreported);
        for (int layers = 0; layers <= most; layers++)
        {
            byte[] made = quantizer.Quantize(
                settings with
                {
                    InFloat = names.Take(layers).ToHashSet(),
                },
                new Dictionary<string, string>()
            );
            double milliseconds = timer.Compare(made, answers.Model, floatMs, cancellationToken).QuietMs;
            tried.Add((layers, milliseconds, answers.Compare(made, cancellationToken).Error));
            progress.Report(
                layers + 1,
                Invariant($"{MillisecondText.Of(milliseconds)} ms, error {tried[^1].Error:F3}")
            );
            if (milliseconds > Slower * tried.Min(one => one.Milliseconds))
            {
                break;
            }
        }

        (int Layers, double Milliseconds, double Error)[] fast =
        [
            .. tried.Where(one => one.Milliseconds <= Tolerance * tried.Min(other => other.Milliseconds)),
        ];
        (int best, double bestMs, double error) = fast.First(one =>
            one.Error <= AlikeError * fast.Min(other => other.Error)
        );
        observer.Message(
            $"in float: {(best == 0 ? "nothing" : string.Join(", ", names.Take(best)))}; "
                + $"{MillisecondText.Of(bestMs)} ms, "
                + Invariant($"error of the scores {error:F3} (all integers: ")
                + Invariant($"{MillisecondText.Of(tried[0].Milliseconds)} ms, {tried[0].Error:F3})")
        );
        return names.Take(best).ToHashSet();
    }

    /// <summary>The names of the layers with weights.</summary>
    private static string[] NamesOf(FloatModel model) =>
        [.. model.Layers.Where(layer => layer.HasWeights).Select(layer => layer.Name)];
}
