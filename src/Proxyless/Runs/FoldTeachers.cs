using Proxyless.Data;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>
/// The teachers of networks that are each tested on a part of the images. Features of the whole network are computed
/// once for each resolution.
/// </summary>
/// <param name="start">Has the whole network.</param>
/// <param name="images">All images.</param>
internal sealed class FoldTeachers(IFineTuneStart start, ImageSet images) : IDisposable
{
    private readonly Dictionary<int, (CompactNetwork Whole, FineTuner Tuner)> _known = [];

    /// <summary>Trains the teacher of a network.</summary>
    /// <param name="context">The context of the network's training.</param>
    /// <param name="taught">Trains the network.</param>
    /// <param name="among">The images that may be learned from, by their numbers.</param>
    /// <returns>The teacher, of which the receiver disposes; null if there is none.</returns>
    public CompactNetwork? Of(RunContext context, FineTuner taught, IReadOnlyList<int> among)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(taught);
        ArgumentNullException.ThrowIfNull(among);
        if (!TeacherStage.Teaches(start, taught.Network.Architecture))
        {
            return null;
        }

        int resolution = context.Space.Resolution;
        if (!_known.TryGetValue(resolution, out (CompactNetwork Whole, FineTuner Tuner) found))
        {
            CompactNetwork whole = start.Whole.At(resolution);
            found = (whole, TeacherStage.TunerOf(context, whole, images));
            _known.Add(resolution, found);
        }

        return found.Tuner.Train(
            found.Tuner.Begin(among, found.Whole.Blocks.Count + 1),
            among,
            TeacherStage.Stage,
            taught.StepsOn(among.Count)
        );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((CompactNetwork whole, _) in _known.Values)
        {
            whole.Dispose();
        }
    }
}
